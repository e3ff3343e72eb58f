"""Mean, spread, paired bootstrap: against plain versions."""

from __future__ import annotations

import random
import statistics

import pytest

from engine.comparison.statistics import paired, spread, verdict


def test_spread_is_mean_and_sample_deviation():
    values = [0.81, 0.79, 0.86, 0.8, 0.83]
    found = spread(values)
    assert found["mean"] == pytest.approx(statistics.mean(values), abs=1e-6)
    assert found["sd"] == pytest.approx(statistics.stdev(values), abs=1e-6)
    assert found["n"] == 5
    assert spread([0.5]) == {"mean": 0.5, "sd": None, "n": 1}


def test_the_paired_interval_is_that_of_a_plain_bootstrap():
    draw = random.Random(7)
    ours = {seed: 0.8 + draw.gauss(0, 0.05) for seed in range(12)}
    theirs = {seed: value - 0.02 + draw.gauss(0, 0.01) for seed, value in ours.items()}
    found = paired(ours, theirs)
    differences = [ours[seed] - theirs[seed] for seed in ours]
    assert found["mean"] == pytest.approx(statistics.mean(differences), abs=1e-6)
    means = sorted(statistics.mean(draw.choices(differences, k=12)) for _ in range(20_000))
    low, high = means[int(0.025 * len(means))], means[int(0.975 * len(means))]
    assert found["interval"] == pytest.approx([low, high], abs=5e-4)
    # pairing takes out what the seeds have in common: 5 points of spread, 1 of difference
    assert found["interval"][1] - found["interval"][0] < 0.02
    assert found["verdict"] == "higher"
    assert paired(theirs, ours)["verdict"] == "lower"
    assert paired(ours, theirs) == found


def test_only_common_seeds_are_paired_and_one_says_nothing():
    assert paired({0: 0.5, 1: 0.6}, {1: 0.5, 2: 0.1}) == {
        "mean": 0.1,
        "interval": None,
        "n": 1,
        "verdict": "one seed says nothing",
    }
    assert paired({0: 0.5}, {1: 0.5})["verdict"] == "not comparable"


def test_an_interval_with_zero_shows_no_difference():
    assert verdict([-0.01, 0.02]) == "no clear difference"
    assert verdict([0.0, 0.02]) == "no clear difference"
    assert verdict([0.001, 0.02]) == "higher"
    assert verdict([-0.02, -0.001]) == "lower"
    assert paired({0: 0.5, 1: 0.5}, {0: 0.5, 1: 0.5})["verdict"] == "no clear difference"
