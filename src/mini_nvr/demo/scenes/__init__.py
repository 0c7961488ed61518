"""The four places that the demo cameras look at."""

from mini_nvr.demo.scenes.car_park import CAR_PARK
from mini_nvr.demo.scenes.doorway import DOORWAY
from mini_nvr.demo.scenes.scene import Scene
from mini_nvr.demo.scenes.street import STREET
from mini_nvr.demo.scenes.warehouse import WAREHOUSE

__all__ = ["CAR_PARK", "DOORWAY", "STREET", "WAREHOUSE", "Scene"]
