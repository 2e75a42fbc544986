"""Muon: its updates are orthogonal, and it finds what it is led to."""

import torch

from trainer.muon import Muon, orthogonal


def test_singular_values_come_near_one_whatever_they_were() -> None:
    torch.manual_seed(0)
    for shape in ((20, 60), (60, 20)):
        skewed = torch.randn(shape) * torch.linspace(0.3, 1, shape[1])
        values = torch.linalg.svdvals(orthogonal(skewed))
        assert values.min() > 0.3 and values.max() < 1.5


def test_it_fits_a_linear_map_and_a_convolution() -> None:
    torch.manual_seed(0)
    inputs, wanted = torch.randn(64, 8, 20), torch.nn.Conv1d(8, 6, 3, bias=False)
    network = torch.nn.Conv1d(8, 6, 3, bias=False)
    optimizer = Muon([network.weight], lr=0.05)
    losses = []
    for i in range(60):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - i / 60)
        loss = (network(inputs) - wanted(inputs)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.05 * losses[0]


def test_it_resumes_from_its_state() -> None:
    torch.manual_seed(0)
    target = torch.randn(5, 7)

    def run(n_steps: int, weight: torch.Tensor, state: dict | None) -> tuple[torch.Tensor, dict]:
        optimizer = Muon([weight], lr=0.1)
        if state is not None:
            optimizer.load_state_dict(state)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (weight - target).square().sum().backward()
            optimizer.step()
        return weight, optimizer.state_dict()

    whole, _ = run(6, torch.zeros(5, 7, requires_grad=True), None)
    half, state = run(3, torch.zeros(5, 7, requires_grad=True), None)
    resumed, _ = run(3, half.detach().clone().requires_grad_(), state)
    assert torch.equal(whole, resumed)
