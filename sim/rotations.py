"""Vectors and rotation matrices as plain tuples.

A posture needs a few hundred operations on single 3-vectors; on such tiny operands tuples are several times faster than
NumPy arrays. Matrices are nine numbers, row after row.
"""

import math

Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def about_z_then_tilted(turn: float, tilt: float) -> Matrix:
    """Rz(turn) Rx(tilt): tilted about x, then turned anticlockwise about z; radians."""
    c, s, d, e = math.cos(turn), math.sin(turn), math.cos(tilt), math.sin(tilt)
    return (c, -s * d, s * e, s, c * d, -c * e, 0.0, e, d)


def about(axis: Vector, angle: float) -> Matrix:
    """Rotation by `angle` radians about the unit vector `axis` (Rodrigues)."""
    x, y, z = axis
    c, s = math.cos(angle), math.sin(angle)
    d = 1 - c
    return (
        *(c + d * x * x, d * x * y - s * z, d * x * z + s * y),
        *(d * x * y + s * z, c + d * y * y, d * y * z - s * x),
        *(d * x * z - s * y, d * y * z + s * x, c + d * z * z),
    )


def arc(a: Vector, b: Vector) -> Matrix:
    """The shortest rotation that takes the unit vector a to the unit vector b (they must not be opposite)."""
    x, y, z = cross(a, b)
    k = 1 / max(1 + dot(a, b), 1e-6)
    return (
        *(1 - k * (y * y + z * z), k * x * y - z, k * x * z + y),
        *(k * x * y + z, 1 - k * (x * x + z * z), k * y * z - x),
        *(k * x * z - y, k * y * z + x, 1 - k * (x * x + y * y)),
    )


def multiply(m: Matrix, n: Matrix) -> Matrix:
    """The matrix product m n: first n, then m."""
    a, b, c, d, e, f, g, h, i = m
    j, k, p, q, r, s, t, u, v = n
    return (
        *(a * j + b * q + c * t, a * k + b * r + c * u, a * p + b * s + c * v),
        *(d * j + e * q + f * t, d * k + e * r + f * u, d * p + e * s + f * v),
        *(g * j + h * q + i * t, g * k + h * r + i * u, g * p + h * s + i * v),
    )


def apply(m: Matrix, v: Vector) -> Vector:
    """The vector v turned by m."""
    a, b, c, d, e, f, g, h, i = m
    x, y, z = v
    return (a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z)


def between(m: Matrix, n: Matrix) -> Matrix:
    """Half way between two near rotations: their mean, made orthonormal again."""
    x = unit((m[0] + n[0], m[3] + n[3], m[6] + n[6]))
    y = (m[1] + n[1], m[4] + n[4], m[7] + n[7])
    y = unit(plus(y, x, -dot(x, y)))
    z = cross(x, y)
    return (x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2])


def plus(a: Vector, b: Vector, times: float = 1.0) -> Vector:
    """a + times b."""
    return (a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2])


def dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def unit(v: Vector) -> Vector:
    """v scaled to length 1."""
    k = 1 / max(math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), 1e-12)
    return (v[0] * k, v[1] * k, v[2] * k)


def two_bones(start: Vector, end: Vector, first: float, second: float, pole: Vector) -> tuple[Vector, Vector]:
    """Unit directions of two bones of given lengths from start to end, bent towards `pole`; straight if too far."""
    line = plus(end, start, -1)
    distance = math.sqrt(dot(line, line))
    line = unit(line)
    distance = min(max(distance, abs(first - second) + 1e-3), (first + second) * 0.9995)
    cosine = (first * first + distance * distance - second * second) / (2 * first * distance)
    out = unit(plus(pole, line, -dot(pole, line)))
    sine = math.sqrt(max(1 - cosine * cosine, 0.0))
    upper = (cosine * line[0] + sine * out[0], cosine * line[1] + sine * out[1], cosine * line[2] + sine * out[2])
    return upper, unit(
        (
            distance * line[0] - first * upper[0],
            distance * line[1] - first * upper[1],
            distance * line[2] - first * upper[2],
        )
    )
