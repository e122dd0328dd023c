using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Configuration;

public class ConfigurationErrorTests
{
    private const string Observables = "attention_divergence, attention_entropy, attention_rows, close_pairs, clusters, covariance, covariance_participation, energy, energy_drops, energy_ratio, entropy_floor, gaps, gradient, hemisphere, law_distance, limit, low_pass, lyapunov, mean, participation, participation_ratio, ranks, sink, spectrum, speed";

    // Keys, unknown and missing.
    [TestCase(""" "interaction": { "bta": 1 } """, "$.interaction.bta: unknown key; did you mean 'beta'?")]
    [TestCase(""" "beta": 2 """, "$.beta: unknown key; did you mean 'interaction.beta'?")]
    [TestCase(""" "horizn": 2 """, "$.horizn: unknown key; did you mean 'time.horizon'?")]
    [TestCase(""" "time": { "speeds": [1] } """, "$.time.speeds: unknown key; did you mean 'interaction.gauge.speeds'?")]
    [TestCase(""" "interaction": { "perceptron": { "weights": [1] } } """, "$.interaction.perceptron.weights: unknown key; known: inner, outer, bias, activation, strength.")]
    [TestCase(""" "interaction": { "perceptron": { "entries": [1] } } """, "$.interaction.perceptron.entries: unknown key; did you mean 'interaction.perceptron.inner.entries'?")]
    [TestCase(""" "interaction": { "perceptron": { "beta": 1 } } """, "$.interaction.perceptron.beta: unknown key; did you mean 'interaction.beta'?")]
    [TestCase(""" "\u001b[2J": 1 """, "$.\\u001B[2J: unknown key; known: schemaVersion, title, seed, replicas, device, precision, summation, tolerance, tokens, labels, interaction, time, record.")]
    [TestCase(""" "labels": { "law": "\u001b[31mred" } """, "$.labels.law: '\\u001B[31mred' is unknown; known: grid, uniform, blocks, file.")]
    [TestCase(""" "Seed": 1 """, "$.Seed: unknown key; did you mean 'seed'?")]
    [TestCase(""" "time": { "tol": 1 } """, "$.time.tol: unknown key; known: horizon, unit, method, step, redraw, tolerance, merge, until.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "none", "speeds": [1] } } """, "$.interaction.gauge.speeds: unknown key for 'none'; it belongs to 'rotary'.")]
    [TestCase(""" "seed": 1, "seed": 1 """, "$.seed: this key appears twice.")]
    [TestCase(""" "tokens": { "initial": { "law": "cap", "angle": 1, "angle": 1 } } """, "$.tokens.initial.angle: this key appears twice.")]
    [TestCase(""" "tokens": { "initial": { "law": "file" } } """, "$.tokens.initial.path: this key is missing; it has no default.")]
    // Kinds and names.
    [TestCase(""" "interaction": { "gauge": { "speeds": [1] } } """, "$.interaction.gauge.speeds: unknown key for 'none'; it belongs to 'rotary'.")]
    [TestCase(""" "interaction": { "perceptron": { "outer": {} } } """, "$.interaction.perceptron.outer.kind: this key is missing; known: identity, diagonal, orthogonal, gaussian, file.")]
    [TestCase(""" "interaction": { "perceptron": { "outer": { "path": "a.csv" } } } """, "$.interaction.perceptron.outer.kind: this key is missing; known for 'path': file.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": { "count": 3 } } } """, "$.interaction.gauge.targets.law: this key is missing; known for 'count': vonMisesFisher, mixture, greatCircle.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "rotry" } } """, "$.interaction.gauge.kind: 'rotry' is unknown; did you mean 'rotary'? Known: none, rotary, phase, path, prefix.")]
    [TestCase(""" "labels": { "law": "vonMises" } """, "$.labels.law: 'vonMises' is unknown; known: grid, uniform, blocks, file.")]
    [TestCase(""" "labels": { "law": 3 } """, "$.labels.law: 3 is a number; a name is expected.")]
    [TestCase(""" "interaction": { "gauge": "rotary" } """, "$.interaction.gauge: \"rotary\" is text; an object with 'kind' is expected.")]
    [TestCase(""" "time": { "method": "rk5" } """, "$.time.method: 'rk5' is unknown; did you mean 'rk4'? Known: euler, heun, rk4, tsit5.")]
    [TestCase(""" "precision": "half" """, "$.precision: 'half' is unknown; known: single, double.")]
    [TestCase(""" "interaction": { "mask": "reversed" } """, "$.interaction.mask: 'reversed' is unknown; known: none, causal, strict.")]
    [TestCase(""" "record": { "observables": ["energy", "gap"] } """, $"$.record.observables[1]: 'gap' is unknown; did you mean 'gaps'? Known: {Observables}.")]
    [TestCase(""" "time": { "horizon": 0.2 }, "record": { "horizons": [1e-9] } """, "$.record.horizons: the recording times would go on by the same rule, to 8E+10 of them; at most 1E+07 are written.")]
    [TestCase(""" "interaction": { "matrices": { "query": { "kind": "ortogonal" } } } """, "$.interaction.matrices.query.kind: 'ortogonal' is unknown; did you mean 'orthogonal'? Known: identity, diagonal, orthogonal, gaussian, file.")]
    [TestCase(""" "interaction": { "matrices": { "value": { "kind": "produkt" } } } """, "$.interaction.matrices.value.kind: 'produkt' is unknown; did you mean 'product'? Known: identity, diagonal, orthogonal, gaussian, file, product, brownian.")]
    // Types.
    [TestCase(""" "interaction": { "beta": "one" } """, "$.interaction.beta: \"one\" is text; a number is expected.")]
    [TestCase(""" "interaction": { "beta": null } """, "$.interaction.beta: null is no value; a number is expected.")]
    [TestCase(""" "interaction": { "beta": "NaN" } """, "$.interaction.beta: \"NaN\" is text; a number is expected.")]
    [TestCase(""" "title": true """, "$.title: true is a truth value; text is expected.")]
    [TestCase(""" "tokens": [] """, "$.tokens: this is a list; an object is expected.")]
    [TestCase(""" "tokens": { "count": 2.5 } """, "$.tokens.count: 2.5 is not whole; a whole number is expected.")]
    [TestCase(""" "tokens": { "count": {} } """, "$.tokens.count: this is an object; a whole number is expected.")]
    [TestCase(""" "tokens": { "initial": { "law": "file", "path": "a", "normalize": 1 } } """, "$.tokens.initial.normalize: 1 is a number; true or false is expected.")]
    [TestCase(""" "record": { "observables": "energy" } """, "$.record.observables: \"energy\" is text; a list is expected.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": 3 } } """, "$.interaction.gauge.targets: 3 is a number; a list of points, the path of a CSV file or a law is expected.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": [1, 0, 0] } } """, "$.interaction.gauge.targets[0]: 1 is a number; a list of numbers is expected.")]
    [TestCase(""" "tokens": { "initial": { "law": "file", "path": "" } } """, "$.tokens.initial.path: this is not the path of a file.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "rotary", "speeds": ["fast"] } } """, "$.interaction.gauge.speeds[0]: \"fast\" is text; a number is expected.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase" } } """, "$.interaction.gauge.target: this key is missing; it has no default.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "cauchy" } } } """, "$.interaction.gauge.target.law: 'cauchy' is unknown; known: arc, vonMises, atoms.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "arc", "mean": 1 } } } """, "$.interaction.gauge.target.mean: unknown key for 'arc'; it belongs to 'vonMises'.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "vonMises" } } } """, "$.interaction.gauge.targets.law: 'vonMises' is unknown; known: vonMisesFisher, mixture, greatCircle.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "vonMisesFisher" } } } """, "$.interaction.gauge.targets.mean: this key is missing; it has no default.")]
    [TestCase(""" "interaction": { "scheme": { "kind": "mid" } } """, "$.interaction.scheme.kind: 'mid' is unknown; known: post, pre, peri, nGPT, sqrt.")]
    [TestCase(""" "interaction": { "scheme": { "kind": "post", "radius": 1 } } """, "$.interaction.scheme.radius: unknown key for 'post'; it belongs to 'pre'.")]
    [TestCase(""" "interaction": { "noise": {} } """, "$.interaction.noise: noise needs 'kappa', 'common', or both.")]
    [TestCase(""" "interaction": { "noise": { "kappa": 1, "splitting": "euler" } } """, "$.interaction.noise.splitting: 'euler' is unknown; known: lie, strang.")]
    // Ranges.
    [TestCase(""" "interaction": { "perceptron": { "bias": [1, 2] } } """, "$.interaction.perceptron.bias: the bias has 2 coordinates, the tokens 3.")]
    [TestCase(""" "interaction": { "perceptron": { "inner": { "kind": "diagonal", "entries": [1] } } } """, "$.interaction.perceptron.inner: the diagonal has 1 coordinate, the tokens 3.")]
    [TestCase(""" "interaction": { "perceptron": { "outer": { "kind": "product" } } } """, "$.interaction.perceptron.outer.kind: 'product' is not possible here; known: identity, diagonal, orthogonal, gaussian, file.")]
    [TestCase(""" "interaction": { "selection": -1 } """, "$.interaction.selection: -1 is negative; the rate of selection must be at least 0.")]
    [TestCase(""" "interaction": { "selection": 1, "mask": "causal" } """, "$.interaction.selection: weights move up an energy, and a masked flow climbs no energy.")]
    [TestCase(""" "interaction": { "selection": 1, "normalization": "bias" } """, "$.interaction.selection: under 'bias' weights are frozen, as the bias is.")]
    [TestCase(""" "interaction": { "selection": 1 }, "summation": "fast" """, "$.summation: pairs whose weights move are summed directly; use 'direct' or 'auto'.")]
    [TestCase(""" "interaction": { "selection": 1 }, "device": "ilgpu-cpu" """, "$.device: pairs whose weights move are summed on the device 'cpu' or 'reference', not 'ilgpu-cpu'.")]
    [TestCase(""" "interaction": { "selection": 1 }, "time": { "merge": {} } """, "$.time.merge: tokens whose weights move do not merge; leave this key or $.interaction.selection out.")]
    [TestCase(""" "interaction": { "beta": -1e13 } """, "$.interaction.beta: -1e13 is too small; the inverse temperature must be at least -1000000000000.")]
    [TestCase(""" "interaction": { "beta": -1 }, "time": { "unit": "collapse" } """, "$.time.unit: 'collapse' is not for this flow: with a negative beta it is far tokens that are fastest; leave this key out.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "path", "turns": 1e308 } } """, "$.interaction.gauge.turns: 1e308 is too large; the number of turns must be at most 1000000000.")]
    [TestCase(""" "interaction": { "degree": 3 } """, "$.interaction.degree: the profile 'exponential' has no degree; leave this key out or set \"profile\": \"polynomial\".")]
    [TestCase(""" "interaction": { "profile": "polynomial", "degree": 0 } """, "$.interaction.degree: 0 is too small; the degree must be at least 1.")]
    [TestCase(""" "interaction": { "profile": "polynomial", "degree": 3, "beta": -3, "normalization": "softmax" } """, "$.interaction.normalization: 'softmax' divides by sums of k', and a polynomial of odd degree 3 is not positive where beta t goes down to -3; use an even degree, or \"unnormalized\".")]
    [TestCase(""" "interaction": { "profile": "polynomial", "degree": 3, "beta": 2, "normalization": "softmax", "matrices": { "query": { "kind": "diagonal", "entries": [2, 1, 1] } } } """, "$.interaction.normalization: 'softmax' divides by sums of k', and a polynomial of odd degree 3 is not positive where beta t goes down to -4; use an even degree, or \"unnormalized\".")]
    [TestCase(""" "interaction": { "profile": "sigmoid" }, "time": { "unit": "collapse" } """, "$.time.unit: 'collapse' is not for this flow: with the profile 'sigmoid' no rate grows like e^beta; leave this key out.")]
    [TestCase(""" "interaction": { "beta": 1e308 } """, "$.interaction.beta: 1e308 is too large; the inverse temperature must be at most 1000000000000.")]
    [TestCase(""" "interaction": { "prompts": { "points": [[0, 0, 1]], "weights": [5e-324] } } """, "$.interaction.prompts.weights[0]: 5e-324 is too small; a prompt's weight must be at least 1E-100.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": [[0, 0, 1]], "weights": [1e308] } } """, "$.interaction.gauge.weights[0]: 1e308 is too large; a target's weight must be at most 1E+100.")]
    [TestCase(""" "tokens": { "dimension": 65537 }, "record": { "observables": ["mean", "covariance"] } """,
        "$.tokens.dimension: 65537 is too large for the observable 'covariance', of d^2 numbers; at most 46340 is possible.")]
    [TestCase(""" "tokens": { "dimension": 100000 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } }, "record": { "observables": ["mean"] } """,
        "$.tokens.dimension: 100000 is too large for matrices, of d^2 numbers; at most 46340 is possible.")]
    [TestCase(""" "interaction": { "beta": 1e400 } """, "$.interaction.beta: 1e400 is too large for a number of 64 bits.")]
    [TestCase(""" "tokens": { "count": 0 } """, "$.tokens.count: 0 is too small; the number of tokens must be at least 1.")]
    [TestCase(""" "tokens": { "count": 3e9 } """, "$.tokens.count: 3e9 is too large; at most 2147483647 is possible.")]
    [TestCase(""" "seed": -1 """, "$.seed: -1 is negative; the seed must be at least 0.")]
    [TestCase(""" "seed": 18446744073709551616 """, "$.seed: 18446744073709551616 is too large; at most 18446744073709551615 is possible.")]
    [TestCase(""" "time": { "step": 0 } """, "$.time.step: 0 is too small; the time step must be above 0.")]
    [TestCase(""" "record": { "observations": 1 } """, "$.record.observations: 1 is too small; the number of observations must be at least 2.")]
    [TestCase(""" "tokens": { "initial": { "law": "cap", "angle": 4 } } """, "$.tokens.initial.angle: 4 is too large; the angle of the cap must be at most 3.141592653589793.")]
    [TestCase(""" "tokens": { "initial": { "law": "cap", "axis": [0, 0, 2] } } """, "$.tokens.initial.axis: this vector has length 2; a unit vector is expected.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": [[1, 0, 0], [0, 0, 0]] } } """, "$.interaction.gauge.targets[1]: this vector has length 0; a unit vector is expected.")]
    public void OneValueIsRefused(string section, string message) => Refused(section, message);

    [TestCase(""" "tokens": { "count": 4, "initial": { "law": "equiangular" } } """, "$.tokens.initial: 4 tokens can not be equiangular in dimension 3: at most as many tokens as dimensions can.")]
    [TestCase(""" "tokens": { "count": 3, "initial": { "law": "equiangular", "cosine": -0.75 } } """, "$.tokens.initial: -0.75 is no cosine of 3 equiangular tokens; it must lie between -0.5 and 1.")]
    [TestCase(""" "tokens": { "initial": { "law": "cap", "axis": [1, 0] } } """, "$.tokens.initial: the axis has 2 coordinates, the tokens 3.")]
    [TestCase(""" "tokens": { "initial": { "law": "symmetric", "axis": [1] } } """, "$.tokens.initial: the axis has 1 coordinate, the tokens 3.")]
    [TestCase(""" "tokens": { "initial": { "law": "clusters", "centres": [[1, 0, 0], [1, 0]] } } """, "$.tokens.initial: a centre has 2 coordinates, the tokens 3.")]
    [TestCase(""" "tokens": { "initial": { "law": "clusters", "centres": [] } } """, "$.tokens.initial: at least one centre is needed.")]
    [TestCase(""" "labels": { "law": "blocks", "count": 257 } """, "$.labels: 257 blocks are more than the 256 tokens.")]
    [TestCase(""" "labels": { "law": "file" } """, "$.labels: the law 'file' needs a cloud file with a column 'label'.")]
    [TestCase(""" "tokens": { "dimension": 4 }, "interaction": { "gauge": { "kind": "rotary" } } """, "$.interaction.gauge: 1 speed for 2 planes: in dimension 4 a rotary gauge needs that many speeds.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "rotary", "speeds": [1, 2] } } """, "$.interaction.gauge: 2 speeds for 1 plane: in dimension 3 a rotary gauge needs that many speeds.")]
    [TestCase(""" "tokens": { "dimension": 4 }, "interaction": { "gauge": { "kind": "path" } } """, "$.interaction.gauge: a path gauge lives in dimension 3, not 4.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "base": [1, 0], "targets": [[1, 0, 0]] } } """, "$.interaction.gauge: the base has 2 coordinates, the tokens 3.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": [] } } """, "$.interaction.gauge: at least one target is needed.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": [[1, 0, 0]], "weights": [1, 2] } } """, "$.interaction.gauge: 2 weights for 1 target; each target needs one.")]
    [TestCase(""" "labels": { "law": "blocks" }, "interaction": { "gauge": { "kind": "prefix", "targets": [[1, 0, 0]] } } """, "$.interaction.gauge: label 1 sees no target: it must lie in [0, 1) or be a whole number below 1.")]
    [TestCase(""" "interaction": { "normalization": "softmax", "coupling": { "kind": "toeplitz" } } """, "$.interaction.normalization: 'softmax' divides by sums of the coupling, which falls to -1; use \"unnormalized\" or a coupling that is never negative.")]
    [TestCase(""" "interaction": { "normalization": "softmax", "coupling": { "kind": "block", "across": -0.25 } } """, "$.interaction.normalization: 'softmax' divides by sums of the coupling, which falls to -0.25; use \"unnormalized\" or a coupling that is never negative.")]
    [TestCase(""" "interaction": { "normalization": "bias", "coupling": { "kind": "toeplitz" } } """, "$.interaction.normalization: 'bias' divides by sums of the coupling, which falls to -1; use \"unnormalized\" or a coupling that is never negative.")]
    [TestCase(""" "interaction": { "normalization": "softmax", "pin": { "strength": -0.5 } } """, "$.interaction.normalization: 'softmax' divides by sums that the prompts join, and a strength is -0.5; use \"unnormalized\" or a strength that is not negative.")]
    [TestCase(""" "interaction": { "normalization": "hardmax", "coupling": { "kind": "distance" } } """, "$.interaction.normalization: 'hardmax' compares logits alone; leave the coupling out, or set its kind to \"one\".")]
    [TestCase(""" "interaction": { "normalization": "hardmax", "pin": {} } """, "$.interaction.normalization: 'hardmax' knows no prompts; leave prompts and pin out.")]
    [TestCase(""" "interaction": { "prompts": { "points": [[1, 0]] } } """, "$.interaction.prompts: a prompt has 2 coordinates, the tokens 3.")]
    [TestCase(""" "interaction": { "prompts": { "points": [] } } """, "$.interaction.prompts: at least one prompt is needed.")]
    [TestCase(""" "interaction": { "prompts": { "strength": 2 } } """, "$.interaction.prompts.points: this key is missing; it has no default.")]
    [TestCase(""" "interaction": { "prompts": { "points": [[1, 0, 0]], "weights": [1, 2] } } """, "$.interaction.prompts: 2 weights for 1 prompt; each prompt needs one.")]
    [TestCase(""" "labels": { "law": "blocks" }, "interaction": { "prompts": { "points": [[1, 0, 0]], "seen": "labelled" } } """, "$.interaction.prompts: label 1 sees no prompt: it must lie in [0, 1) or be a whole number below 1.")]
    [TestCase(""" "interaction": { "pin": { "point": [1, 0] } } """, "$.interaction.pin: the pinning prompt has 2 coordinates, the tokens 3.")]
    [TestCase(""" "interaction": { "matrices": { "value": { "kind": "diagonal", "entries": [1, 2] } } } """, "$.interaction.matrices.value: the diagonal has 2 coordinates, the tokens 3.")]
    [TestCase(""" "interaction": { "matrices": { "key": { "kind": "product" } } } """, "$.interaction.matrices.key.kind: 'product' is not possible here; known: identity, diagonal, orthogonal, gaussian, file.")]
    [TestCase(""" "interaction": { "heads": 0 } """, "$.interaction.heads: 0 is too small; the number of heads must be at least 1.")]
    [TestCase(""" "interaction": { "code": { "kind": "logitsOnly" } } """, "$.interaction.code.kind: 'logitsOnly' turns the logits by the gauge, and $.interaction.gauge.kind is 'none'.")]
    [TestCase(""" "interaction": { "code": { "kind": "concatenated" }, "beta": 0 } """, "$.interaction.code: a concatenated code needs the exponential profile and beta above 0.")]
    [TestCase(""" "interaction": { "scheme": { "kind": "pre", "radius": 0 } } """, "$.interaction.scheme.radius: 0 is too small; the radius must be at least 1E-06.")]
    [TestCase(""" "interaction": { "noise": { "kappa": -1 } } """, "$.interaction.noise.kappa: -1 is too small; the inverse strength of the noise must be at least 1E-06.")]
    [TestCase(""" "time": { "method": "euler", "redraw": 0.1 } """, "$.time.redraw: no matrix is random; leave this key out, or set $.interaction.matrices.value to { \"kind\": \"brownian\" }.")]
    [TestCase(""" "interaction": { "matrices": { "value": { "kind": "brownian" } } } """, "$.interaction.matrices.value: 'brownian' needs $.time.redraw.")]
    [TestCase(""" "interaction": { "matrices": { "key": { "kind": "brownian" } } } """, "$.interaction.matrices.key.kind: 'brownian' is not possible here; known: identity, diagonal, orthogonal, gaussian, file.")]
    [TestCase(""" "time": { "method": "tsit5", "redraw": 0.05 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } } """, "$.time.method: 'tsit5' chooses its steps, which must end where matrices are redrawn; use 'euler'.")]
    [TestCase(""" "time": { "method": "euler", "redraw": 0.05, "step": 0.03 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } } """, "$.time.step: a step of 0.03 would go on beyond a draw; take 0.05 divided by a whole number.")]
    [TestCase(""" "time": { "method": "euler", "redraw": 0.05 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } }, "scheme": { "kind": "pre" } } """, "$.time.redraw: redrawn matrices go with the scheme 'post' only; leave one of the two out.")]
    [TestCase(""" "time": { "redraw": 0.02 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } }, "record": { "observations": 401 } """, "$.record.observations: the time 0.05 is no multiple of $.time.redraw, 0.02; those of 251 observations, evenly spaced, are.")]
    [TestCase(""" "time": { "redraw": 0.03 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } } """, "$.time.horizon: 20 is no multiple of $.time.redraw, 0.03.")]
    [TestCase(""" "time": { "redraw": 0.05 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } }, "record": { "plateaus": true } """, "$.record.plateaus: where matrices are redrawn no energy rises; leave this key out.")]
    [TestCase(""" "time": { "method": "tsit5", "redraw": 0.1 }, "record": { "snapshots": 8, "observations": 401, "observables": ["energy", "mean"] } """, "$.time.redraw: 5 keys do not go with it. "
        + "$.time.redraw: no matrix is random; leave this key out, or set $.interaction.matrices.value to { \"kind\": \"brownian\" }. "
        + "$.time.method: 'tsit5' chooses its steps, which must end where matrices are redrawn; use 'euler'. "
        + "$.record.snapshots: the time 2.857142857142857 is no multiple of $.time.redraw, 0.1; those of 6 snapshots, evenly spaced, are. "
        + "$.record.observations: the time 0.05 is no multiple of $.time.redraw, 0.1; those of 201 observations, evenly spaced, are. "
        + "$.record.observables: where matrices are redrawn no energy rises and the drift jumps; leave 'energy' out.")]
    [TestCase(""" "time": { "method": "euler", "redraw": 0.05, "until": { "speed": 0.1 } }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } } """, "$.time.until.speed: where matrices are redrawn tokens do not slow down; leave this key out.")]
    [TestCase(""" "interaction": { "noise": { "kappa": 1 } } """, "$.time.method: 'tsit5' estimates its error, which means nothing along a rough path; under noise use 'heun'.")]
    [TestCase(""" "time": { "method": "heun", "step": 0.1 }, "interaction": { "noise": { "kappa": 1 }, "scheme": { "kind": "sqrt" } } """, "$.interaction.noise: noise goes with the scheme 'post' only; leave one of the two out.")]
    [TestCase(""" "time": { "method": "heun", "step": 1e-10 }, "interaction": { "noise": { "kappa": 1 } } """, "$.time.step: 1E-10 is too small; noise numbers at most 1E+09 steps.")]
    [TestCase(""" "time": { "method": "heun", "step": 0.1 }, "interaction": { "noise": { "kappa": 1 } }, "record": { "observables": ["energy_drops"] } """, "$.record.observables: noise lowers the energy at any step, so 'energy_drops' says nothing; leave it out.")]
    [TestCase(""" "time": { "method": "heun", "step": 0.1 }, "interaction": { "noise": { "kappa": 1 } }, "record": { "observables": ["limit"] } """, "$.record.observables: under noise tokens come to no limit; leave 'limit' out.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "arc", "from": 1, "to": 8 } } } """, "$.interaction.gauge: 8 is no end for an arc from 1; it must be above that by at most a turn, 6.283185307179586.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "arc", "from": 4 } } } """, "$.interaction.gauge: 3.141592653589793 is no end for an arc from 4; it must be above that by at most a turn, 6.283185307179586.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "vonMises", "concentration": -1 } } } """, "$.interaction.gauge.target.concentration: -1 is negative; the concentration must be at least 0.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "atoms", "angles": [] } } } """, "$.interaction.gauge: at least one angle is needed.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "phase", "target": { "law": "atoms", "angles": [1], "weights": [1, 2] } } } """, "$.interaction.gauge: 2 weights for 1 angle; each angle needs one.")]
    [TestCase(""" "labels": { "law": "blocks", "count": 3 }, "interaction": { "gauge": { "kind": "phase", "target": { "law": "arc" } } } """, "$.interaction.gauge: label 2 has no phase: it must lie in [0, 1].")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "mixture", "means": [[1, 0, 0]], "concentrations": [1, 2] } } } """, "$.interaction.gauge: 2 concentrations for 1 mean; each mean needs one.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "mixture", "means": [[1, 0]], "concentrations": [1] } } } """, "$.interaction.gauge: a mean has 2 coordinates, the tokens 3.")]
    [TestCase(""" "tokens": { "dimension": 4 }, "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "greatCircle" } } } """, "$.interaction.gauge: a great circle of targets lives in dimension 3, not 4.")]
    [TestCase(""" "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "greatCircle" }, "weights": [1] } } """, "$.interaction.gauge: 1 weight for 256 targets; each target needs one.")]
    [TestCase(""" "tokens": { "initial": { "law": "vonMisesFisher", "mean": [1, 0] } } """, "$.tokens.initial: the mean has 2 coordinates, the tokens 3.")]
    [TestCase(""" "time": { "step": 0.1 } """, "$.time.step: 'tsit5' chooses its own steps, by $.time.tolerance; leave this key out, or set it to null.")]
    [TestCase(""" "time": { "method": "rk4", "step": 0.1, "merge": {} } """, "$.time.merge: 'rk4' takes fixed steps; merging needs a method that chooses them: tsit5.")]
    [TestCase(""" "time": { "until": {} } """, "$.time.until: this section is empty; known: clusters, speed, gap.")]
    [TestCase(""" "time": { "method": "rk4", "step": 0.1, "tolerance": 1e-4 } """, "$.time.tolerance: 'rk4' takes fixed steps, of $.time.step; leave this key out, or set it to null.")]
    [TestCase(""" "time": { "method": "heun", "step": 21 } """, "$.time.step: 21 is longer than the run; the time step must be at most the horizon 20.")]
    [TestCase(""" "record": { "tangents": 3 } """, "$.record.tangents: only the observables 'gradient' and 'lyapunov' look at tangent vectors; leave it out.")]
    [TestCase(""" "record": { "tangents": 0, "observables": ["gradient"] } """, "$.record.tangents: 0 is too small; the number of tangent vectors must be at least 1.")]
    [TestCase(""" "time": { "merge": {} }, "record": { "observables": ["mean", "lyapunov"] } """, "$.record.observables: tokens that merge have no tangent vectors of their own; leave 'lyapunov' or $.time.merge out.")]
    [TestCase(""" "record": { "tokens": 257 } """, "$.record.tokens: 257 is more than the 256 tokens of $.tokens.count.")]
    [TestCase(""" "replicas": 3, "tokens": { "count": 2, "initial": { "law": "equiangular" } } """, "$.replicas: nothing is drawn at random for a replica, so 3 would be copies of one; leave this key out.")]
    [TestCase(""" "record": { "spacing": "logarithmic", "first": 20 } """, "$.record.first: 20 is too late; the first logarithmic time must be below the horizon 20.")]
    [TestCase(""" "record": { "first": 1 } """, "$.record.first: only logarithmic spacing has a first time; leave it out or set \"spacing\": \"logarithmic\".")]
    [TestCase(""" "record": { "observables": ["mean", "mean"] } """, "$.record.observables: 'mean' is listed twice.")]
    public void ValuesThatDoNotFitTogetherAreRefused(string section, string message) => Refused(section, message);

    [TestCase("""{ "schemaVersion": 2, "noise": {} }""", "my.json: $.schemaVersion: 2 is too large; the version of the file format must be 1.")]
    [TestCase("[]", "my.json: $: an experiment file holds one JSON object.")]
    [TestCase("{\n  \"title\": \"Ü\" x }", "my.json, line 2, column 16: not valid JSON: 'x' is invalid after a value. Expected either ',', '}', or ']'.")]
    [TestCase("{ \"seed\": NaN }", "my.json, line 1, column 11: not valid JSON: 'N' is an invalid start of a value.")]
    [TestCase("""{ "title": "\ud800" }""", "my.json: not valid JSON: A text holds half of a surrogate pair.")]
    public void ATextIsRefused(string text, string message) =>
        Assert.That(() => ExperimentReader.Parse(text, "my.json", []), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo(message));

    [Test]
    public void AnEmptyOrCutTextIsRefusedWhereItEnds()
    {
        Assert.That(() => ExperimentReader.Parse("", "my.json", []), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo("my.json, line 1, column 1: the JSON ends too early."));
        foreach ((string text, int line) in new[] { ("{\n", 2), ("{ \"a\":", 1), ("{ \"a\": 1", 1), ("{ \"ü\": \"x", 1), ("{ \"a\":\n tr", 2), ("{ \"a\": [1,\n\n", 3) })
            Assert.That(() => ExperimentReader.Parse(text, "my.json", []), Throws.InstanceOf<ConfigurationException>().With.Message.Match($"^my.json, line {line}, column [0-9]+: the JSON ends too early.$"), text);
    }

    [Test]
    public void AMissingFileIsNamed()
    {
        Assert.That(() => ExperimentReader.Read("missing.json", []),
            Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo("missing.json: there is no such experiment file."));
        Assert.That(() => ExperimentReader.Read(Path.GetTempPath(), []),
            Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo($"{Path.GetTempPath()}: this is not a file that can be read."));
        string cloud = Path.GetFullPath("missing.csv");
        Refused(""" "tokens": { "initial": { "law": "file", "path": "missing.csv" } } """, $"$.tokens.initial.path: {cloud}: there is no such file.");
    }

    [Test]
    public void AnotherEncodingThanUtf8IsNamed()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["my.json"], [.. "{ \"title\": \""u8, 0xe9, .. "\" }"u8]);
        Assert.That(() => ExperimentReader.Read(folder["my.json"], []), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo($"{folder["my.json"]}: this is not UTF-8; save the file as UTF-8."));
        File.WriteAllText(folder["my.json"], "{ \"title\": \"\u00e9\" }", System.Text.Encoding.Unicode);
        Assert.That(ExperimentReader.Read(folder["my.json"], []).Title, Is.EqualTo("\u00e9"), "a byte order mark tells");
    }

    private static void Refused(string section, string message) =>
        Assert.That(() => ExperimentReader.Parse($$"""{ "schemaVersion": 1, {{section}} }""", "my.json", []),
            Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo($"my.json: {message}"));
}
