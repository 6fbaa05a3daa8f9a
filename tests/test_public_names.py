"""The public functions stay functions, whatever was imported before: a room of the same name would hide them."""

import pkgutil

import regard


def test_no_room_has_the_name_of_a_public_function():
    rooms = {module.name for module in pkgutil.iter_modules(regard.__path__)}
    assert len(rooms) > 10
    assert rooms.isdisjoint(regard.__all__)


def test_public_names_resolve():
    assert all(callable(getattr(regard, name)) for name in regard.__all__)


def test_rooms_that_users_call_need_no_import_of_their_own():
    assert callable(regard.attention.use)
    assert callable(regard.encoders.from_transformers)
