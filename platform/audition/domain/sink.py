"""Where a service posts when it wants a new training: an address on the loopback that the prober shares with it."""

from audition.domain.contract import Contract

SINK_PATH = "/retrain"
_PORTS = (39191, 39193, 39197)


def sink_port(contract: Contract) -> int:
    """A port that the service does not say it listens on itself."""
    own = {contract.serving.port, contract.monitoring.port}
    return next(port for port in _PORTS if port not in own)


def sink_environment(contract: Contract) -> dict[str, str]:
    """What the service finds in its environment; nothing when its contract names no variable for it."""
    variable = contract.monitoring.trigger_variable
    return {variable: f"http://127.0.0.1:{sink_port(contract)}{SINK_PATH}"} if variable else {}
