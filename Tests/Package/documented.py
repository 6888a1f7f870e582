"""What the documents tell an operator to type, to be typed word for word."""
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def documented(document, words):
    """The one block of commands in a document that has these words."""
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / document).read_text(), re.DOTALL)
    (block,) = [block for block in blocks if words in block]
    return block
