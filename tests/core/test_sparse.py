"""The sparse solver beside numpy's dense one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.sparse import factorise


def grid_edges(width: int, height: int) -> NDArray[np.intp]:
    """(E, 2) neighbours in a grid of width x height places."""
    number = np.arange(width * height).reshape(height, width)
    across = np.stack([number[:, :-1], number[:, 1:]], axis=-1).reshape(-1, 2)
    down = np.stack([number[:-1], number[1:]], axis=-1).reshape(-1, 2)
    return np.concatenate([across, down])


def laplacian(n: int, edges: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Entries of the graph Laplacian plus a hundredth, several of them for each place of the diagonal."""
    a, b = edges.T
    everyone = np.arange(n)
    rows = np.concatenate([a, b, a, b, everyone])
    columns = np.concatenate([b, a, a, b, everyone])
    values = np.repeat([-1.0, 1.0, 0.01], [2 * len(a), 2 * len(a), n])
    return rows, columns, values


@pytest.mark.parametrize(("width", "height", "n_alone"), [(40, 30, 0), (3, 1, 0), (25, 25, 200), (1, 1, 0)])
def test_solution_is_that_of_the_dense_matrix(width: int, height: int, n_alone: int) -> None:
    n = width * height + n_alone  # those alone are coupled to nothing
    rows, columns, values = laplacian(n, grid_edges(width, height))
    random = np.random.default_rng(0)
    points, right = random.normal(size=(n, 3)), random.normal(size=(n, 4))
    points[: width * height, 0] = np.tile(np.arange(width), height)
    points[: width * height, 1] = np.repeat(np.arange(height), width)
    dense = np.zeros((n, n))
    np.add.at(dense, (rows, columns), values)
    np.testing.assert_allclose(
        factorise(rows, columns, values, points)(right), np.linalg.solve(dense, right), atol=1e-9
    )


def test_a_large_grid_is_solved_whatever_lies_where() -> None:
    n = 150 * 150
    rows, columns, values = laplacian(n, grid_edges(150, 150))
    right = np.random.default_rng(0).normal(size=(n, 3))
    places = np.stack([*np.divmod(np.arange(n), 150), np.zeros(n)], axis=1)
    x = factorise(rows, columns, values, places)(right)
    product = np.stack([np.bincount(rows, values * x[columns, i], n) for i in range(3)], axis=1)
    np.testing.assert_allclose(product, right, atol=1e-9)
