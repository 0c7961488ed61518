"""Where a secret is printed, stars stand in its place."""

from mini_nvr.config.secret import SecretStr

SECRET = SecretStr("c4n4ry")


def test_only_who_asks_sees_it() -> None:
    assert SECRET.get_secret_value() == "c4n4ry"
    for text in (str(SECRET), repr(SECRET), f"{SECRET}", f"{[SECRET]}", "%s %r" % (SECRET, SECRET)):  # noqa: UP031  as the log does
        assert "c4n4ry" not in text
        assert "*" in text


def test_its_stars_do_not_tell_how_long_it_is() -> None:
    assert str(SECRET) == str(SecretStr("c4n4ry horse"))


def test_equal_texts_are_equal_secrets_and_no_text_is_one() -> None:
    assert SecretStr("c4n4ry") == SECRET
    assert hash(SecretStr("c4n4ry")) == hash(SECRET)
    assert SecretStr("other") != SECRET
    assert SECRET != "c4n4ry"


def test_an_empty_one_is_false() -> None:
    assert SECRET
    assert not SecretStr("")
