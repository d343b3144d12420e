/** An element of the page with its class and text. */
export const make = (tag, className = "", text = "") =>
  Object.assign(document.createElement(tag), { className, textContent: text });
