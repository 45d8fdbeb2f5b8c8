"""The example bot when its connection broke: what it makes of messages that come again, or do not."""

import argparse
import importlib.util
import pathlib
import struct

import pytest

PATH = pathlib.Path(__file__).resolve().parents[2] / "Deploy/examples/bot.py"
HEARD = 7 << 32 | 3


@pytest.fixture
def bot():
    specification = importlib.util.spec_from_file_location("bot", PATH)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    bot = module.Bot(argparse.Namespace(key="46" * 32, seconds=1, market=1, account=0))
    for order in (1, 2):
        bot.on_message(own_order(HEARD, order))
    bot.repeats = bot.told[:]  # the connection broke, and what came behind the position before was asked for
    return bot


def own_order(position, order):
    return struct.pack("<BBHIQQQQQQHBB20s", 0x87, 1, 1, 1892500, order, 0, 0, 10, position, position >> 32, 0, 0, 0, bytes(20))


def caught_up(position):
    return struct.pack("<BBHIQ", 0x95, 3, 0, 5, position)


def test_takes_what_comes_again_once(bot):
    for order in (1, 2, 3):
        bot.on_message(own_order(HEARD, order))
    assert len(bot.told) == 3 and not bot.repeats
    bot.on_message(caught_up(HEARD))
    bot.on_message(own_order(HEARD + 1, 4))
    assert bot.heard == HEARD + 1 and len(bot.told) == 1


@pytest.mark.parametrize(
    "messages",
    [
        [caught_up(HEARD - 1)],
        [own_order(HEARD, 1), caught_up(HEARD)],
        [own_order(HEARD, 1), own_order(HEARD, 9)],
        [own_order(HEARD + 1, 1)],
        [own_order(HEARD, 1), own_order(HEARD, 2), caught_up(HEARD - 1)],
    ],
    ids=["earlier", "cut", "other", "none", "lower"],
)
def test_leaves_if_what_it_heard_of_is_lost(bot, messages):
    with pytest.raises(SystemExit, match=f"lost what it had told up to {HEARD}"):
        for message in messages:
            bot.on_message(message)
