"""One document, three sources, one sentence when it is wrong."""

from pathlib import Path

import pytest

from gurum.ops.config import Config, ConfigError, load, shipped, show


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gurum.yaml"
    path.write_text(text)
    return path


def test_defaults_then_file_then_environment(tmp_path: Path) -> None:
    path = _file(tmp_path, "pia: {body_limit: 5, page_limit: 6}\n")
    environ = {"GURUM_PIA__PAGE_LIMIT": "7", "GURUM_LOG__LEVEL": "DEBUG", "GURUM_HOME": "/x", "PIA__PAGE_LIMIT": "8"}
    config = load(path, environ)
    assert (config.pia.body_limit, config.pia.page_limit, config.log.level) == (5, 7, "DEBUG")
    assert load(None, {}) == Config()


def test_places(tmp_path: Path) -> None:
    path = _file(tmp_path, "state: somewhere\nstore: {url: 'sqlite:///${state}/x'}\npolicy: {bundle: '${shipped}/p'}\n")
    assert load(path, {}).store.url == f"sqlite:///{Path.cwd() / 'somewhere'}/x"
    config = load(path, {}, state=tmp_path)
    assert (config.state, config.store.url) == (str(tmp_path), f"sqlite:///{tmp_path}/x")
    assert config.policy.bundle == f"{shipped()}/p"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pia: {body_limt: 5}", "Object contains unknown field `body_limt` - at `$.pia`"),
        ("pia: {body_limit: many}", "Expected `int`, got `str` - at `$.pia.body_limit`"),
        ("- a list", "is not a mapping"),
        ("pia: [", "cannot read the configuration"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(_file(tmp_path, text), {})
    assert sentence in str(refused.value)


def test_an_environment_variable_below_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="goes below 'level', which is not a section"):
        load(None, {"GURUM_LOG__LEVEL": "INFO", "GURUM_LOG__LEVEL__X": "1"})


def test_the_shipped_document_is_valid_and_what_is_shown_loads_again(tmp_path: Path) -> None:
    config = load(shipped() / "config" / "gurum.yaml", {}, state=tmp_path)
    assert [region.name for region in config.regions] == ["kr-central-1", "kakao-usa-east1"]
    assert all(region.simulated for region in config.regions)
    private, public = config.regions
    assert private.flavors == public.flavors
    assert [image.name for image in private.images] == [image.name for image in public.images]
    assert "${" not in show(config)
    assert (Path(config.policy.bundle) / "gurum").is_dir()
    assert load(_file(tmp_path, show(config)), {}) == config
