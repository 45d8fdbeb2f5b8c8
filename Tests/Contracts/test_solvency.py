"""Random histories with malicious actors: the rollup is solvent after every step, nothing is paid twice, and at the end everyone has left with
every atom that the last claimed state owes.

The seed is printed and may be set (`MEMEX_SEED`); `MEMEX_FUZZ=1000` runs that many histories, each of up to 100 steps. Which histories a seed
means depends on the modules that are loaded, as Hypothesis looks for constants in them: to see one again, run the same tests.
"""

import os

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from history_attacks import Attacks
from stage import Stage

# What must have happened, and not once only: a test whose every call reverts would show nothing.
DEEDS = {
    "deposit", "deposit refused", "force", "collect", "batch", "batch in a blob", "claim", "halt", "propose", "propose refused", "set_fee_tier", "cancel", "execute",
    "withdraw", "withdraw refused", "pay_many", "pay_many skipped", "pay_many refused", "forged pay_many", "exit_balance", "exit_balance refused", "refund_deposit", "refund_deposit refused", "reclaim_bond",
    "payment refused", "re-entry refused", "gift", "forged withdraw", "forged exit_balance", "exit under an older state refused",
    "record written over", "withdraw under a state without the record refused", "token born", "create_token", "create_token refused",
    "born token deposited", "usurping refused", "too late", "history",
}

ROUNDS_MAX = 10


def test_random_histories(capsys):
    Attacks.stage = Stage()
    fuzz, chosen = int(os.environ.get("MEMEX_FUZZ", "0")), int(os.environ.get("MEMEX_SEED", "20261123"))
    try:
        # What has not happened yet, being rare, gets more rounds.
        for turn in range(1 if fuzz else ROUNDS_MAX):
            run_state_machine_as_test(
                seed(chosen + turn)(Attacks),
                settings=settings(
                    max_examples=fuzz or 10, stateful_step_count=100 if fuzz else 50, deadline=None, suppress_health_check=list(HealthCheck),
                    database=None,
                ),
            )
            if turn > 0 and DEEDS <= set(Attacks.done):
                break
    finally:
        with capsys.disabled():
            deeds = ", ".join(f"{name} {count}" for name, count in sorted(Attacks.done.items()))
            print(f"\nrandom histories, MEMEX_SEED={chosen}: {deeds}")
    assert DEEDS - set(Attacks.done) == set(), "never happened"
    assert set(Attacks.done) - DEEDS == set(), "not on the list"
