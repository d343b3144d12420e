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
- **Trial** (`trial`): a subject with measurements of the same frames, of any kinds; its `problem` sums their terms.
- **Solver** (`solver`, `normal`): Levenberg-Marquardt inside the ranges, in time linear in the number of frames;
  it ends in a `Status`. `frame_solver` does the same for frames apart, from many starts.
- **Schedule** (`schedule`): spread frames → shared unknowns → windows that fade → deviations (`uncertainty`).

Video and markers bring nothing but their measurements and their first guess:

    estimate ── keypoint_guess ──┐
    multi_person ── evidence     ├── trial ── schedule ── solver ── terms
    markers ── marker_guess ─────┘
               marker_sizes, marker_noise
"""
