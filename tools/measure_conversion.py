"""The tables of docs/reference/measurement.md: seeded runs, NumPy and the Doppler kernel.

    .venv/bin/python tools/measure_conversion.py [conversion] [doppler]

One radar at the origin of a flat frame measures range (50 m), azimuth and elevation; the target
flies straight across the line of sight with white acceleration, which every filter is told.
"""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tocsin.track.doppler import doppler_update

Array = NDArray[np.float64]
RUNS, SCANS, SETTLED = 300, 40, 10
SIGMA_RANGE_M, SPEED_MPS, DENSITY_M2PS3, START_SD_MPS = 50.0, 150.0, 1.0, 50.0
H = np.hstack([np.eye(3), np.zeros((3, 3))])


def polar(position: Array) -> Array:
    """Range, azimuth from the x axis, elevation of (n,3)."""
    r = np.linalg.norm(position, axis=-1)
    azimuth = np.arctan2(position[..., 1], position[..., 0])
    return np.stack([r, azimuth, np.arcsin(position[..., 2] / r)], axis=-1)


def cartesian(z: Array) -> Array:
    """Inverse of `polar`."""
    r, a, e = z[..., 0], z[..., 1], z[..., 2]
    parts = [r * np.cos(a) * np.cos(e), r * np.sin(a) * np.cos(e), r * np.sin(e)]
    return np.asarray(np.stack(parts, axis=-1))


def axes(z: Array) -> Array:
    """Columns: along the sight, across, up along the arc (n,3,3)."""
    a, e = z[:, 1], z[:, 2]
    sight = cartesian(np.stack([np.ones(len(z)), a, e], axis=1))
    across = np.stack([-np.sin(a), np.cos(a), 0 * a], axis=1)
    return np.asarray(np.stack([sight, across, np.cross(sight, across)], axis=2))


def linear_covariance(z: Array, sigma: Array, arc: bool) -> Array:
    """First order about `z`; `arc` adds 3/4 r^2 s^4 to the range, as `sense.polar` does."""
    r, cos = z[:, 0], np.cos(z[:, 2])
    along = np.full(len(z), sigma[0] ** 2)
    if arc:
        along += 0.75 * ((r * cos * sigma[1] ** 2) ** 2 + (r * sigma[2] ** 2) ** 2)
    variance = np.stack([along, (r * cos * sigma[1]) ** 2, (r * sigma[2]) ** 2], axis=1)
    turn = axes(z)
    return np.asarray(np.einsum("nij,nj,nkj->nik", turn, variance, turn))


def unbiased(z: Array, sigma: Array) -> Array:
    """Multiplicative: Longbin, Xiaoquan, Yiyu, Kang, Bar-Shalom, IEEE T-AES 34 (1998) 1023-1027."""
    la, le = np.exp(-(sigma[1] ** 2) / 2), np.exp(-(sigma[2] ** 2) / 2)
    return np.asarray(cartesian(z) / np.array([la * le, la * le, le]), dtype=np.float64)


def unbiased_covariance(z: Array, sigma: Array, about: Array) -> Array:
    """Of `unbiased`, exact second moments of the trigonometric functions about a place `about`.

    Longbin's when `about` is the measurement; decorrelated, Bordonaro, Willett, Bar-Shalom, IEEE
    T-AES 50 (2014) 1417-1429, when it is the prediction.
    """
    del z
    r2 = about[:, 0] ** 2 + sigma[0] ** 2
    a, e = about[:, 1], about[:, 2]
    da, de = np.exp(-2 * sigma[1] ** 2), np.exp(-2 * sigma[2] ** 2)
    ca, ce = np.exp(-(sigma[1] ** 2)), np.exp(-(sigma[2] ** 2))  # lambda squared
    cos2a, cos2e = (1 + np.cos(2 * a) * da) / 2, (1 + np.cos(2 * e) * de) / 2
    sin2a, sin2e = (1 - np.cos(2 * a) * da) / 2, (1 - np.cos(2 * e) * de) / 2
    sca, sce = np.sin(2 * a) * da / 2, np.sin(2 * e) * de / 2
    mean = cartesian(about)
    second = np.empty((len(about), 3, 3))
    second[:, 0, 0], second[:, 1, 1] = (
        r2 * cos2a * cos2e / (ca * ce),
        r2 * sin2a * cos2e / (ca * ce),
    )
    second[:, 2, 2] = r2 * sin2e / ce
    second[:, 0, 1] = second[:, 1, 0] = r2 * sca * cos2e / (ca * ce)
    second[:, 0, 2] = second[:, 2, 0] = r2 * np.cos(a) * sce / ce
    second[:, 1, 2] = second[:, 2, 1] = r2 * np.sin(a) * sce / ce
    return second - mean[:, :, None] * mean[:, None, :]


def correct(m: Array, p: Array, miss: Array, noise: Array, h: Array) -> tuple[Array, Array]:
    """The Kalman filter, (n,6), (n,6,6), with `h` (n,k,6)."""
    cross = p @ np.swapaxes(h, 1, 2)
    gain = cross @ np.linalg.inv(h @ cross + noise)
    return m + (gain @ miss[..., None])[..., 0], p - gain @ np.swapaxes(cross, 1, 2)


def by_position(convert: str) -> Callable[[Array, Array, Array, Array], tuple[Array, Array]]:
    """Update by a converted position."""

    def update(m: Array, p: Array, z: Array, sigma: Array) -> tuple[Array, Array]:
        if convert in ("plain", "arc"):
            place, noise = cartesian(z), linear_covariance(z, sigma, convert == "arc")
        elif convert == "shifted":
            place, noise = unbiased(z, sigma), linear_covariance(z, sigma, True)
        elif convert == "turned":
            place, noise = cartesian(z), linear_covariance(polar(m[:, :3]), sigma, True)
        else:
            place = unbiased(z, sigma)
            about = z if convert == "unbiased" else polar(m[:, :3])
            noise = unbiased_covariance(z, sigma, about)
        return correct(m, p, place - m[:, :3], noise, np.broadcast_to(H, (len(m), 3, 6)))

    return update


def wrapped(miss: Array) -> Array:
    """Azimuth differences within half a turn."""
    miss[..., 1] = (miss[..., 1] + np.pi) % (2 * np.pi) - np.pi
    return miss


def slope(m: Array) -> Array:
    """Jacobian of `polar` (n,3,6)."""
    z = polar(m[:, :3])
    out = np.zeros((len(m), 3, 6))
    scale = np.stack([np.ones(len(m)), z[:, 0] * np.cos(z[:, 2]), z[:, 0]], axis=1)
    out[:, :, :3] = np.swapaxes(axes(z), 1, 2) / scale[:, :, None]
    return out


def iterated(m: Array, p: Array, z: Array, sigma: Array) -> tuple[Array, Array]:
    """Iterated extended Kalman filter, five steps (Bell and Cathey, IEEE TAC 38 (1993) 294-297)."""
    noise = np.diag(sigma**2)
    at = m
    for _ in range(5):
        h = slope(at)
        miss = wrapped(z - polar(at[:, :3])) - (h @ (m - at)[..., None])[..., 0]
        at, cov = correct(m, p, miss, noise, h)
    return at, cov


def unscented(m: Array, p: Array, z: Array, sigma: Array) -> tuple[Array, Array]:
    """Julier and Uhlmann, Proc. IEEE 92 (2004) 401-422: 12 points, no weight in the middle."""
    root = np.sqrt(6.0) * np.swapaxes(np.linalg.cholesky(p), 1, 2)
    points = m[:, None, :] + np.concatenate([root, -root], axis=1)
    seen = polar(points[..., :3])
    middle = polar(m[:, :3])[:, None, :]
    off = wrapped(seen - middle)
    mean = off.mean(axis=1)
    dz, dx = off - mean[:, None, :], points - m[:, None, :]
    spread = np.einsum("nki,nkj->nij", dz, dz) / 12 + np.diag(sigma**2)
    cross = np.einsum("nki,nkj->nij", dx, dz) / 12
    gain = cross @ np.linalg.inv(spread)
    miss = wrapped(z - middle[:, 0] - mean)
    moved: Array = p - gain @ np.swapaxes(cross, 1, 2)
    return m + (gain @ miss[..., None])[..., 0], moved


WAYS = {
    "conventional": by_position("plain"),
    "Tocsin": by_position("arc"),
    "de-biased": by_position("shifted"),
    "turned": by_position("turned"),
    "unbiased": by_position("unbiased"),
    "decorrelated": by_position("decorrelated"),
    "UKF": unscented,
    "IEKF": iterated,
}


def motion(dt_s: float) -> tuple[Array, Array]:
    """Transition and noise of nearly constant velocity."""
    f = np.eye(6)
    f[:3, 3:] = dt_s * np.eye(3)
    block = np.array([[dt_s**3 / 3, dt_s**2 / 2], [dt_s**2 / 2, dt_s]])
    return f, np.asarray(np.kron(DENSITY_M2PS3 * block, np.eye(3)), dtype=np.float64)


def truths(range_m: float, dt_s: float, rng: np.random.Generator) -> Array:
    """(scans, runs, 6): across the sight at a fifth of the range up, at most 8 km."""
    height = min(range_m / 5, 8000.0)
    x = np.tile([np.sqrt(range_m**2 - height**2), 0, height, 0, SPEED_MPS, 0], (RUNS, 1))
    f, q = motion(dt_s)
    out = [x]
    for _ in range(SCANS - 1):
        out.append(out[-1] @ f.T + rng.multivariate_normal(np.zeros(6), q, RUNS))
    return np.array(out)


def judge(range_m: float, angle_deg: float, dt_s: float) -> dict[str, tuple[float, float]]:
    """RMSE of the position (m) and NEES per degree of freedom of each way, settled scans."""
    rng = np.random.default_rng([int(range_m), int(angle_deg * 10), int(dt_s)])
    x = truths(range_m, dt_s, rng)
    sigma = np.array([SIGMA_RANGE_M, np.radians(angle_deg), np.radians(angle_deg)])
    z = polar(x[..., :3]) + rng.normal(size=(SCANS, RUNS, 3)) * sigma
    start = x[0, :, 3:] + START_SD_MPS * rng.normal(size=(RUNS, 3))
    f, q = motion(dt_s)
    found = {}
    for name, update in WAYS.items():
        plain = name in ("conventional", "Tocsin")
        place = cartesian(z[0]) if plain else unbiased(z[0], sigma)
        p = np.zeros((RUNS, 6, 6))
        p[:, :3, :3] = linear_covariance(z[0], sigma, name != "conventional")
        p[:, 3:, 3:] = START_SD_MPS**2 * np.eye(3)
        m = np.concatenate([place, start], axis=1)
        squared, nees = [], []
        for k in range(1, SCANS):
            m, p = m @ f.T, f @ p @ f.T + q
            m, p = update(m, p, z[k], sigma)
            if k >= SETTLED:
                miss = m - x[k]
                squared.append((miss[:, :3] ** 2).sum(axis=1))
                nees.append((miss * np.linalg.solve(p, miss[..., None])[..., 0]).sum(axis=1) / 6)
        found[name] = float(np.sqrt(np.mean(squared))), float(np.mean(nees))
    return found


def conversion() -> None:
    """RMSE / NEES of each way."""
    sys.stdout.write(
        "| km | deg | s | " + " | ".join(WAYS) + " |\n|" + "---|" * (3 + len(WAYS)) + "\n"
    )
    for range_m in (10e3, 50e3, 100e3, 250e3):
        for angle_deg in (0.1, 0.3, 1.0):
            for dt_s in (1.0, 4.0, 10.0):
                found = judge(range_m, angle_deg, dt_s).values()
                cells = " | ".join(f"{rmse:.0f} / {nees:.2f}" for rmse, nees in found)
                sys.stdout.write(f"| {range_m / 1e3:.0f} | {angle_deg} | {dt_s:.0f} | {cells} |\n")
                sys.stdout.flush()


def doppler() -> None:
    """RMS error along and across the sight of a new track's velocity, with and without Doppler."""
    sys.stdout.write("| Doppler s.d. m/s | flight | " + " | ".join(str(k) for k in range(1, 9)))
    sys.stdout.write(" | NEES |\n|" + "---|" * 11 + "\n")
    for inward in (True, False):
        for sigma_mps in (np.inf, 5.0, 1.0):
            errors, nees = velocity_errors(sigma_mps, inward)
            cells = " | ".join(f"{along:.1f}, {across:.0f}" for along, across in errors)
            name = "none" if np.isinf(sigma_mps) else f"{sigma_mps:.0f}"
            way = "inward" if inward else "across"
            sys.stdout.write(f"| {name} | {way} | {cells} | {nees:.2f} |\n")


def velocity_errors(sigma_mps: float, inward: bool) -> tuple[list[tuple[float, float]], float]:
    """After plots 1 to 8 of a 4 s radar (50 m, 0.3 deg) at 60 km; speed prior 100 m/s an axis."""
    rng = np.random.default_rng(17 + inward)
    f, q = motion(4.0)
    sigma = np.array([SIGMA_RANGE_M, np.radians(0.3), np.radians(0.3)])
    velocity = [-120.0, 0.0, 0.0] if inward else [0.0, 120.0, 0.0]
    x = np.tile([60e3, 0.0, 3000.0, *velocity], (RUNS, 1))
    prior = np.random.default_rng(3).normal(size=(RUNS, 3)) * 100.0
    p, m = np.zeros((RUNS, 6, 6)), np.zeros((RUNS, 6))
    p[:, 3:, 3:] = 100.0**2 * np.eye(3)
    errors, nees = [], []
    for k in range(8):
        z = polar(x[:, :3]) + rng.normal(size=(RUNS, 3)) * sigma
        if k == 0:
            m = np.concatenate([cartesian(z), x[:, 3:] + prior], axis=1)
            p[:, :3, :3] = linear_covariance(z, sigma, True)
        else:
            m, p = m @ f.T, f @ p @ f.T + q
            m, p = WAYS["Tocsin"](m, p, z, sigma)
        sight = x[:, :3] / np.linalg.norm(x[:, :3], axis=1)[:, None]
        rate = (sight * x[:, 3:]).sum(axis=1) + rng.normal(size=RUNS) * min(sigma_mps, 1e3)
        for i in range(RUNS if np.isfinite(sigma_mps) else 0):
            doppler_update(m[i], p[i], float(rate[i]), sigma_mps, np.zeros(3), 1.0)
        miss = m - x
        along = ((miss[:, 3:] * sight).sum(axis=1) ** 2).mean()
        whole = (miss[:, 3:] ** 2).sum(axis=1).mean()
        errors.append((float(np.sqrt(along)), float(np.sqrt(whole - along))))
        nees.append((miss * np.linalg.solve(p, miss[..., None])[..., 0]).sum(axis=1).mean() / 6)
        x = x @ f.T + rng.multivariate_normal(np.zeros(6), q, RUNS)
    return errors, float(np.mean(nees))


TABLES = {"conversion": conversion, "doppler": doppler}

if __name__ == "__main__":
    for name in sys.argv[1:] or list(TABLES):
        TABLES[name]()
