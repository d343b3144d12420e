"""The estimator: from points in pictures or in space to a skeleton in motion.

A fit is made of these parts, each of which can be exchanged without the others:

- **Problem** (`problem`): the unknowns. `q` of every frame, and `shared` for all frames: sizes, cameras, places of
  the measured points on the body. `PersonModel` gives positions and derivatives, a `Linearization` them at one state.
- **Subject** (`subject`): the person. The model, typed `Priors` (size, height, cameras, offsets, gravity), priors of
  posture and acceleration (`posture`), and the joint ranges, which are bounds.
- **Measurements** (`measurements`): what one sensor measured. `KeypointMeasurements` and `DepthMeasurements` of
  a camera, `PointMeasurements` of markers or joints in space. Each gives its terms for any selection of frames.
- **Cameras** (`camera`): a `FilmCamera` has its own unknowns, and gives its pose at any frames.
- **Terms** (`terms`): one small class each, with residual and derivatives; the cost is half the sum of their squares.
  Derivatives are kept only for the coordinates on which a point depends, chain by chain (`chains`).
- **Trial** (`trial`): a subject with measurements of the same frames, of any kinds; its `problem` sums their terms.
- **Solver** (`solver`, `normal`, `band_factor`): Levenberg-Marquardt inside the ranges, in time linear in the number
  of frames; it ends in a `Status`. `frame_solver` solves each frame on its own, from many starts in several rounds,
  and then chooses the cheapest chain through the resulting postures; both first guesses are built on it.
- **Schedule** (`schedule`): spread frames → shared unknowns → windows that fade → deviations (`uncertainty`).

Films and markers share all of this; each adds only its measurements and its first guess:

    estimate ── film_trial ── keypoint_guess ──┐                      ┌── film_result ── world
                                               ├── trial ── schedule ─┤
    markers: estimate ── sizes ── guess ───────┘                      └── draws

The remaining modules are for

- a film: `inputs` (person, lens, points), `left_right_swaps` and `keypoint_noise` (what a keypoint is worth),
  `unsure_limbs` (what a lifter's depths are worth), `renewal` (how far frames are independent),
  `shared_fit` (a person between the two halves of the schedule), `bones` and `childhood` (what the result shows);
- the floor: `contact` (which feet stand), `moving_floor` and `floor_velocity` (treadmills, travelling cameras);
- several films or people: `evidence` (combines what each determines), `sizes` (of one person), `multi_person`;
- markers: `markers`, a room of its own;
- all: `root` (the joint that carries the skeleton), `threads` (keeps linear algebra on one).
"""
