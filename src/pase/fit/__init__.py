"""The estimator: from points in pictures or in space to a skeleton in motion.

A fit is made of these parts, each of which can be exchanged without the others:

- **Problem** (`problem`): the unknowns. `q` of every frame, and `shared` for all frames: sizes, cameras, places of
  the measured points on the body. `PersonModel` gives positions and derivatives, a `Linearization` them at one state.
- **Subject** (`subject`): whose motion it is. The model, typed `Priors` (size, height, cameras, offsets, gravity),
  habits of posture and acceleration, and the ranges, which are bounds.
- **Measurements** (`measurements`): what a sensor saw. `KeypointMeasurements` and `DepthMeasurements` of a camera,
  `PointMeasurements` of markers or joints in space. Each gives its terms for the frames that it is taken at.
- **Cameras** (`camera`): a `FilmCamera` knows its own unknowns, and is asked for its pose at given frames.
- **Terms** (`terms`): one small class each, with residual and derivatives; the cost is half the sum of their squares.
  Derivatives are kept for the coordinates that points depend on alone, chain by chain (`chains`).
- **Trial** (`trial`): a subject with measurements of the same frames, of any kinds; its `problem` sums their terms.
- **Solver** (`solver`, `normal`): Levenberg-Marquardt inside the ranges, in time linear in the number of frames;
  it ends in a `Status`. `frame_solver` does the same for frames apart, from many starts in several rounds, and
  chooses the cheapest chain through what they lead to: both first guesses are made of this.
- **Schedule** (`schedule`): spread frames → shared unknowns → windows that fade → deviations (`uncertainty`).

Video and markers bring nothing but their measurements and their first guess:

    multi_person ── evidence                                            film_result
    estimate ── film_trial ── keypoint_guess ──┐                      ┌── draws
                              frame_solver     ├── trial ── schedule ─┤
    markers ── marker_sizes ── marker_guess ───┘           solver     └── uncertainty
               marker_noise                                terms
"""
