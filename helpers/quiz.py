"""The questions at the end of a lesson, which mark themselves.

A file `quiz/NN.json` holds a list of questions. Each has a `question`, a `type`
(`multiple_choice`: one answer is right; `many_choice`: several may be; `numeric`) and
`answers` with the `feedback` that each gives.
"""

import html
import json
import random
from pathlib import Path
from typing import Any

from helpers import interactive


def show(path: str | Path) -> None:
    """Show the questions in a file; as a text with folded answers where no script runs.

    Args:
        path: the JSON file, seen from the notebook's folder.
    """
    path = Path(path)
    if not path.is_file():
        print(
            f"The questions of this lesson stand in {path}, which is not here. Open "
            "the lesson in the course's own folder, or copy that file too."
        )
        return
    questions = [
        _prepared(question) for question in json.loads(path.read_text("utf-8"))
    ]
    interactive.show(
        "quiz",
        "<p><em>Run this cell to answer here.</em></p><ol>"
        f"{''.join(map(_static, questions))}</ol>",
        "\n".join(f"{n}. {q['text']}" for n, q in enumerate(questions, start=1)),
        {"questions": questions},
    )


def _prepared(question: dict[str, Any]) -> dict[str, Any]:
    """Return a question for the page: its options mixed, the same way each time."""
    answers = [
        answer for answer in question["answers"] if answer.get("type") != "default"
    ]
    options = [
        {
            "text": str(answer.get("answer", answer.get("value"))),
            "value": answer.get("value"),
            "right": answer["correct"],
            "feedback": answer["feedback"],
        }
        for answer in answers
    ]
    random.Random(question["question"]).shuffle(options)
    otherwise = [a["feedback"] for a in question["answers"] if a not in answers]
    return {
        "text": question["question"],
        "type": question["type"],
        "options": options,
        "otherwise": " ".join(otherwise),
    }


def _static(question: dict[str, Any]) -> str:
    """Return a question as HTML that needs no script, its answers folded."""
    listed = ""
    if question["type"] != "numeric":
        items = (f"<li>{html.escape(o['text'])}</li>" for o in question["options"])
        listed = f"<ul>{''.join(items)}</ul>"
    reasons = "".join(
        f"<li>{'Right' if option['right'] else 'Not right'}: "
        f"{html.escape(option['text'])} – {html.escape(option['feedback'])}</li>"
        for option in question["options"]
    )
    return (
        f"<li><p>{html.escape(question['text'])}</p>{listed}"
        f"<details><summary>Answers</summary><ul>{reasons}</ul></details></li>"
    )
