"""The estimator: from points in pictures or in space to a skeleton in motion.

A fit is made of these parts, each of which can be exchanged without the others:

- **Problem** (`problem`): the unknowns. `q` of every frame, and `shared` for all frames: sizes, cameras, places of
  the measured points on the body. `PersonModel` gives positions and derivatives, a `Linearization` them at one state.
- **Subject** (`subject`): whose motion it is. The model, typed `Priors` (size, height, cameras, offsets, gravity),
  habits of posture and acceleration (`posture`), and the ranges, which are bounds.
- **Measurements** (`measurements`): what a sensor measured. `KeypointMeasurements` and `DepthMeasurements` of a
  camera, `PointMeasurements` of markers or joints in space. Each gives its terms for the frames that it is taken at.
- **Cameras** (`camera`): a `FilmCamera` knows its own unknowns, and is asked for its pose at given frames.
- **Terms** (`terms`): one small class each, with residual and derivatives; the cost is half the sum of their squares.
  Derivatives are kept for the coordinates that points depend on alone, chain by chain (`chains`).
- **Trial** (`trial`): a subject with measurements of the same frames, of any kinds; its `problem` sums their terms.
- **Solver** (`solver`, `normal`): Levenberg-Marquardt inside the ranges, in time linear in the number of frames;
  it ends in a `Status`. `frame_solver` solves frames apart from one another, from many starts in several rounds, and
  chooses the cheapest chain through the postures they lead to: both first guesses are made of this.
- **Schedule** (`schedule`): spread frames → shared unknowns → windows that fade → deviations (`uncertainty`).

A film and markers bring nothing but their measurements and their first guess:

    estimate ── film_trial ── keypoint_guess ──┐                      ┌── film_result ── world
                                               ├── trial ── schedule ─┤
    markers ── marker_sizes ── marker_guess ───┘                      └── draws

Beside them stand, for

- a film: `inputs` (person, lens, points), `left_right_swaps` and `keypoint_noise` (what a keypoint is worth),
  `shared_fit` (a person between the two halves of the schedule), `bones` and `childhood` (what the result tells);
- the floor: `contact` (which feet stand), `moving_floor` and `floor_velocity` (treadmills, cameras that go along);
- several films or people: `evidence` (what each tells, put together), `sizes` (of one person), `multi_person`;
- markers: `marker_names`, `marker_units`, `upright` and `handedness` (what a file means), `marker_weights` and
  `marker_noise`;
- all: `root` (the joint that carries the skeleton), `threads` (linear algebra on one).
"""
