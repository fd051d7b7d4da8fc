"""workflow.toml → graph: nodes, edges, templates, types, settings."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.authoring.toml.support import COMPONENTS, edges, findings, nodes, read

from latticeflow.authoring.toml import Extensions, ParameterType
from latticeflow.checks import check
from latticeflow.components import STANDARD
from latticeflow.flow import Determinism, Effects, Retry, decode_flow, encode_flow, flow_id

HEAD = 'id = "w"\n'


def test_the_head_becomes_the_flow() -> None:
    flow = read(
        'id = "build"\nname = "The build"\nversion = "1.2.0"\ndescription = "Builds."\n'
        'tags = ["a"]\nlicense = "MIT"\nhomepage = "https://example.org"\nmax_parallel = 3\n'
        'durability = "strong"\n[steps.a]\nrun = "true"\n'
    ).flow
    assert flow is not None
    assert flow.id == flow_id("build", "1.2.0")
    assert (flow.name, flow.version, flow.summary) == ("build", "1.2.0", "Builds.")
    assert (flow.metadata.tags, flow.metadata.license) == (["a"], "MIT")
    assert flow.metadata.homepage == "https://example.org"
    assert flow.max_parallel == 3
    assert flow.policies.durability.mode == "strong"


def test_an_id_may_hold_the_version_and_steps_run_one_by_one() -> None:
    flow = read('id = "build@2.0.1"\n[steps.a]\nrun = "true"\n').flow
    assert flow is not None
    assert (flow.name, flow.version, flow.max_parallel) == ("build", "2.0.1", 1)
    flow = read('name = "only a name"\n[steps.a]\nrun = "true"\n').flow
    assert flow is not None
    assert (flow.name, flow.version) == ("only a name", "0.0.0")


def test_a_command_keeps_its_text_and_marks_templates() -> None:
    authored = read(
        HEAD + "[parameters.n]\ntype = 'integer'\n[env]\nA = '1'\nB = 'x'\n"
        "[steps.a]\nrun = 'echo ${{ params.n }}'\nworkspace = 'ephemeral'\nshell = 'bash'\n"
        "env = { B = 'n is ${{ params.n }}', C = true }\n"
        "[steps.b]\nrun = ['echo', 'plain', '${{ params.n }}', '$${{ no }}']\n"
    )
    found = nodes(authored)
    assert found["a"].config == {
        "run": {"$template": "echo ${{ params.n }}"},
        "env": {"A": "1", "B": {"$template": "n is ${{ params.n }}"}, "C": "true"},
        "workspace": "ephemeral",
        "shell": "bash",
    }
    assert found["b"].config["run"] == [
        "echo",
        "plain",
        {"$template": "${{ params.n }}"},
        "${{ no }}",
    ]
    assert found["a"].identifier == "std.shell"
    assert found["a"].effects is Effects.EFFECTFUL
    assert found["a"].determinism is Determinism.NONDETERMINISTIC
    assert found["input"].kind == "trigger"


def test_whole_values_become_edges_and_the_rest_templates() -> None:
    authored = read(
        HEAD + "[parameters.n]\ntype = 'integer'\n"
        "[steps.a]\nrun = 'true'\noutputs = { n = 'integer', o = { type = 'object' } }\n"
        "[steps.b]\nuses = 'calc.py:double'\ninputs.x = '${{ params.n }}'\n"
        "[steps.c]\nuses = 'calc.py:double'\ninputs.x = '${{ steps.a.outputs.n }}'\n"
        "[steps.d]\nuses = 'calc.py:double'\ninputs.x = '${{ steps.b.outputs.result + 1 }}'\n"
        "[steps.e]\nuses = 'calc.py:double'\ninputs.x = '${{ steps.o.outputs.total }}'\n"
        "[steps.o]\nuses = 'calc.py:order'\n"
        "[steps.f]\nuses = 'calc.py:bill'\ninputs.order = '${{ steps.o.outputs.result }}'\n"
        "[steps.g]\nuses = 'calc.py:bill'\n"
        "inputs.order = { id = 'o-${{ params.n }}', total = '${{ params.n }}' }\n"
    )
    assert edges(authored) == {
        ("input", "b", "x", "/n"),
        ("a", "c", "x", "/outputs/n"),
        ("b", "d", None, None),
        ("o", "e", "x", "/total"),
        ("o", "f", "order", None),
    }
    found = nodes(authored)
    assert found["d"].inputs == {"x": {"$template": "${{ steps.b.outputs.result + 1 }}"}}
    whole = '${{ {"id": ("o-" + string(params.n)), "total": (params.n)} }}'
    assert found["g"].inputs == {"order": {"$template": whole}}


def test_conditions_and_needs_order_steps() -> None:
    authored = read(
        HEAD + "[steps.a]\nrun = 'true'\n[steps.fetch-it]\nrun = 'true'\nneeds = ['a']\n"
        "[steps.b]\nrun = 'echo ${{ steps.a.stdout }}'\nneeds = ['a']\n"
        "when = \"${{ steps['fetch-it'].status == 'skipped' }}\"\n"
        "[steps.c]\nrun = 'true'\nwhen = false\n"
    )
    assert edges(authored) == {
        ("a", "fetch-it", None, None),
        ("a", "b", None, None),
        ("fetch-it", "b", None, None),
    }
    assert nodes(authored)["b"].when == "steps['fetch-it'].status == 'skipped'"
    assert nodes(authored)["c"].when == "false"


def test_settings_of_a_step() -> None:
    node = nodes(
        read(
            HEAD + "[parameters.id]\n[steps.a]\nrun = 'true'\ntimeout = '1m30s'\n"
            "retry = { max_attempts = 5, initial_interval = '250ms', max_interval = '1m', "
            "backoff = 3, jitter = 0.5, non_retryable = ['builtins:ValueError'] }\n"
            "on_error = 'continue'\nfallback = { stdout = '' }\neffects = 'read_only'\n"
            "determinism = 'stable'\n"
            "idempotency = { key = '${{ params.id }}', ttl = '1h', scope = 'node' }\n"
        )
    )["a"]
    assert node.retry == Retry(
        max_attempts=5,
        initial_interval_ms=250,
        max_interval_ms=60_000,
        backoff=3,
        jitter=0.5,
        non_retryable=["builtins:ValueError"],
    )
    assert (node.timeout_ms, node.on_error, node.fallback) == (90_000, "continue", {"stdout": ""})
    assert (node.effects, node.determinism) == (Effects.READ_ONLY, Determinism.STABLE)
    key = node.idempotency
    assert (key.key, key.ttl_ms, key.scope) == ("idempotency_key", 3_600_000, "node")
    assert "idempotency_key" in node.ports


@pytest.mark.parametrize("sink", ["upsert", "ensure_once"])
def test_a_sink_promises_something_about_its_key(sink: str) -> None:
    step = "[parameters.id]\ntype = 'string'\n[steps.a]\nrun = 'true'\nidempotency = "
    promised = nodes(read(HEAD + step + f"{{ key = '${{{{ params.id }}}}', sink = '{sink}' }}\n"))
    assert promised["a"].config == {"run": "true", "sink": sink}
    plain = nodes(read(HEAD + step + "'${{ params.id }}'\n"))
    assert plain["a"].config == {"run": "true"}


def test_the_promise_of_a_node_holds_for_its_own_key_only() -> None:
    step = HEAD + "[steps.a]\nuses = 'calc.py:put'\ninputs.x = 1\n"
    own = nodes(read(step))["a"]
    assert (own.idempotency.key, own.config) == ("x", {"sink": "upsert"})
    other = nodes(read(step + "idempotency = { key = 'x', ttl = '1d' }\n"))["a"]
    assert (other.idempotency.key, other.config) == ("x", {})


def test_retry_may_be_a_number() -> None:
    node = nodes(read(HEAD + "[steps.a]\nrun = 'true'\nretry = 2\neffects = 'pure'\n"))["a"]
    assert node.retry == Retry(max_attempts=2)


ACTIONS = """
[actions.greet]
run = 'echo "${{ inputs.who }}" ${{ inputs.times }}'
env = { A = "action", B = "action" }
timeout = "5s"
[actions.greet.inputs.who]
type = "string"
[actions.greet.inputs.times]
type = "integer"
default = 1

[actions.twice]
uses = "calc.py:double"
with = { x = "${{ inputs.n * 2 }}" }
[actions.twice.inputs.n]
type = "integer"

[actions.outer]
uses = "twice"
with = { n = "${{ inputs.m + 1 }}" }
[actions.outer.inputs.m]
type = "integer"
"""


def test_an_action_is_a_step_to_use_again() -> None:
    authored = read(
        HEAD + ACTIONS + "[parameters.p]\n"
        "[steps.a]\nuses = 'greet'\ninputs = { who = '${{ params.p }}' }\nenv.B = 'step'\n"
        "[steps.b]\nuses = 'greet'\ninputs = { who = 'x' }\ntimeout = '9s'\n"
    )
    found = nodes(authored)
    assert found["a"].config["run"] == {"$template": 'echo "${{ inputs.who }}" ${{ inputs.times }}'}
    assert found["a"].config["env"] == {"A": "action", "B": "step"}
    assert (found["a"].timeout_ms, found["b"].timeout_ms) == (5000, 9000)
    assert found["a"].ports["times"].default == 1
    assert found["b"].inputs == {"who": "x", "times": 1}
    assert ("input", "a", "who", "/p") in edges(authored)


def test_an_action_may_use_another() -> None:
    authored = read(
        HEAD + ACTIONS + "[steps.s]\nrun = 'true'\noutputs = { n = 'integer' }\n"
        "[steps.a]\nuses = 'outer'\ninputs = { m = '${{ steps.s.outputs.n }}' }\n"
    )
    node = nodes(authored)["a"]
    assert node.identifier == "calc.py:double"
    assert node.inputs == {"x": {"$template": "${{ (((steps.s.outputs.n)) + 1) * 2 }}"}} or (
        "steps.s.outputs.n" in str(node.inputs) and "* 2" in str(node.inputs)
    )
    assert ("s", "a", None, None) in edges(authored)


def test_the_result_is_a_record_of_outputs() -> None:
    authored = read(
        HEAD + "[parameters.n]\ntype = 'integer'\n[steps.a]\nuses = 'calc.py:double'\n"
        "inputs.x = '${{ params.n }}'\n"
        "[outputs]\ndouble = '${{ steps.a.outputs.result }}'\ntext = 'n=${{ params.n }}'\nk = 1\n"
    )
    flow = authored.flow
    assert flow is not None
    assert flow.output is not None
    assert flow.output.from_ == "outputs"
    assert flow.output.schema.schema == {
        "type": "object",
        "properties": {
            "double": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "text": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "k": {},
        },
        "required": ["double", "text", "k"],
    }
    assert ("a", "outputs", "double", None) in edges(authored)


def test_parameters_become_inputs_and_decode() -> None:
    authored = read(
        HEAD + "[parameters.s]\npattern = '[a-z]+'\n[parameters.n]\ntype = 'number'\n"
        "minimum = 0\ndefault = 1\n[parameters.o]\ntype = 'integer'\nrequired = false\n"
        "[parameters.e]\nenum = ['a', 'b']\n[steps.a]\nrun = 'echo ${{ params.n }}'\n"
    )
    flow = authored.flow
    assert flow is not None
    assert [(name, port.required, port.default) for name, port in flow.inputs.items()] == [
        ("s", True, None),
        ("n", False, 1.0),
        ("o", False, None),
        ("e", True, None),
    ]
    assert flow.inputs["s"].schema.schema == {"type": "string", "pattern": "[a-z]+"}
    assert authored.decode["n"](3) == 3.0
    assert isinstance(authored.decode["n"](3), float)
    for name, value in (("s", "A1"), ("s", 5), ("n", -1), ("n", "x"), ("e", "c"), ("o", 1.5)):
        with pytest.raises(ValueError, match=r"is|does not"):
            authored.decode[name](value)


def test_an_optional_parameter_may_be_null_in_expressions() -> None:
    text = HEAD + "[parameters.o]\nrequired = false\n[steps.a]\nrun = 'true'\nwhen = "
    assert findings(read(text + "\"params.o == 'x'\"\n")) == []
    assert findings(read(text + "'params.o.size() > 1'\n")) == [("EXPR008", 6, 9)]
    assert findings(read(text + "'params.o != null && params.o.size() > 1'\n")) == []


def test_artifacts_and_requirements() -> None:
    flow = read(
        HEAD + "[artifacts]\nreport = { path = 'out/*.html', retention = '30d' }\n"
        "[requirements]\npython = '>=3.11'\ntools = ['git>=2.30', 'make']\n"
        "[requirements.packages]\nmsgspec = '>=0.18'\n[steps.a]\nrun = 'true'\n"
    ).flow
    assert flow is not None
    artifact = flow.artifacts[0]
    assert (artifact.kind, artifact.path, artifact.checksum) == ("output", "out/*.html", "sha256")
    assert artifact.retention_ms == 30 * 86_400_000
    assert [(each.kind, each.name, each.version) for each in flow.requirements] == [
        ("python", "python", ">=3.11"),
        ("tool", "git", ">=2.30"),
        ("tool", "make", None),
        ("package", "msgspec", ">=0.18"),
    ]


def test_packages_add_actions_types_and_validators() -> None:
    def port(value: object) -> object:
        if not 0 < int(str(value)) < 65536:
            message = "is no port"
            raise ValueError(message)
        return value

    extensions = Extensions(
        actions={"hello": {"run": "echo ${{ inputs.x }}", "inputs": {"x": {"type": "string"}}}},
        parameter_types={"port": ParameterType({"type": "integer"}, port)},
        validators={"even": lambda value: "is odd" if value % 2 else None},
    )
    authored = read(
        HEAD + "[parameters.p]\ntype = 'port'\nvalidator = 'even'\n"
        "[steps.a]\nuses = 'hello'\ninputs.x = 'p ${{ params.p }}'\n",
        extensions=extensions,
    )
    assert findings(authored) == []
    assert authored.decode["p"](8080) == 8080
    for value in (0, 70_000, 81, "x"):
        with pytest.raises(ValueError, match="is"):
            authored.decode["p"](value)
    wrong = read(
        HEAD + "[parameters.p]\ndefault = 3\ntype = 'integer'\nvalidator = 'even'\n"
        "[steps.a]\nrun = 'true'\n",
        extensions=extensions,
    )
    assert findings(wrong) == [("TOML014", 3, 11)]


def test_an_include_is_laid_below_and_overrides_above() -> None:
    files = {
        "lib/base.toml": "[actions.go]\nrun = 'echo base'\ntimeout = '1s'\n[parameters.x]\n"
        "include_me = 1\n",
        "lib/more.toml": "include = 'base.toml'\n[steps.b]\nuses = 'go'\n",
    }
    authored = read(
        HEAD + "include = ['lib/more.toml']\n[actions.go]\nrun = 'echo mine'\n"
        "[steps.a]\nuses = 'go'\n[overrides.steps.b]\ntimeout = '7s'\n",
        read_file=files.__getitem__,
        overrides={"steps": {"a": {"timeout": "3s"}}},
    )
    assert [(code, line) for code, line, _ in findings(authored)] == [("TOML002", 5)]
    assert authored.diagnostics[0].location is not None
    assert authored.diagnostics[0].location.file == "lib/base.toml"
    files["lib/base.toml"] = files["lib/base.toml"].replace("include_me = 1\n", "")
    authored = read(
        HEAD + "include = ['lib/more.toml']\n[actions.go]\nrun = 'echo mine'\n"
        "[steps.a]\nuses = 'go'\n[overrides.steps.b]\ntimeout = '7s'\n",
        read_file=files.__getitem__,
        overrides={"steps.a.timeout": "3s", "max_parallel": 4},
    )
    assert authored.flow is not None
    assert authored.flow.max_parallel == 4
    found = nodes(authored)
    assert found["a"].config["run"] == "echo mine"
    assert (found["a"].timeout_ms, found["b"].timeout_ms) == (3000, 7000)
    assert set(authored.files) == {"workflow.toml", "lib/more.toml", "lib/base.toml"}


def test_the_flow_survives_json_and_the_checker() -> None:
    authored = read(
        HEAD + ACTIONS + "[parameters.n]\ntype = 'integer'\n"
        "[steps.s]\nrun = 'echo n=${{ params.n }} >> $FLOWS_OUTPUT'\noutputs = { n = 'integer' }\n"
        "[steps.a]\nuses = 'outer'\ninputs = { m = '${{ steps.s.outputs.n }}' }\n"
        "when = \"steps.s.status == 'succeeded'\"\n"
        "[steps.g]\nuses = 'greet'\ninputs = { who = '${{ steps.s.stdout }}' }\n"
        "idempotency = '${{ params.n }}'\n"
        "[outputs]\nr = '${{ steps.a.outputs.result }}'\n"
    )
    flow = authored.flow
    assert flow is not None, authored.diagnostics
    assert msgspec.to_builtins(decode_flow(encode_flow(flow))) == msgspec.to_builtins(flow)
    result = check(flow, STANDARD.with_components(COMPONENTS.values()), spans=authored.spans)
    errors = [each for each in result.diagnostics if each.is_error]
    assert errors == []


def test_reading_twice_gives_the_same_bytes() -> None:
    text = HEAD + ACTIONS + "[steps.a]\nuses = 'greet'\ninputs.who = 'x'\n"
    first, second = read(text).flow, read(text).flow
    assert first is not None
    assert second is not None
    assert encode_flow(first) == encode_flow(second)


def test_a_thousand_steps_are_read_in_time() -> None:
    steps = "".join(
        f"[steps.s{index}]\nrun = 'echo ${{{{ params.n }}}}'\n"
        + (f"needs = ['s{index - 1}']\n" if index else "")
        for index in range(1000)
    )
    flow = read(HEAD + "[parameters.n]\n" + steps).flow
    assert flow is not None
    assert len(flow.nodes) == 1001
