"""An interpreter of the Amazon States Language: executes a definition against services that a caller brings, one step at a time.

What it reads is JSONata, as CDK writes it with `QueryLanguage.JSONATA`; a definition with anything it does not know is refused, never
half executed. The rules are those of https://states-language.net/spec.html and of the Step Functions developer guide.

```python
execution = run(definition, {"detail": ...}, services, clock=VirtualClock())
assert execution.status == "SUCCEEDED", execution.error
```

Time is a `VirtualClock`: nobody sleeps. Jitter, `$random` and `$uuid` come from one seed: the same call gives the same history. An
`Execution` advances by `step()`, so that a test can look at the world after each step, alternate between two executions
(`interleave`), or end one where it stands (`crash_after`).

Why not moto's: it has no evaluator for JSONata, sleeps in real time, runs in threads that nobody can stop between two calls, and fails at
`glue:startJobRun.sync`.
"""

from lakecheck.rehearsal.states.execution import Execution, interleave, run, start
from lakecheck.rehearsal.states.model import DefinitionError, Event, Failed, Failure, ServiceError, Services, VirtualClock

__all__ = [
    "DefinitionError",
    "Event",
    "Execution",
    "Failed",
    "Failure",
    "ServiceError",
    "Services",
    "VirtualClock",
    "interleave",
    "run",
    "start",
]
