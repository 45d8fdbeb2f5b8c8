import pytest

from world import World


@pytest.fixture(scope="session")
def prepared():
    """A deployed world and its state; shared, never used directly."""
    world = World()
    return world, world.evm.save()


@pytest.fixture
def world(prepared):
    """A fresh rollup: ETH is token 1, GOOD is token 2, everyone has both."""
    world, saved = prepared
    world.evm.load(saved)
    yield world
    world.check_solvent()
