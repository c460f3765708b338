"""All that knows nbgrader's gradebook: marks written, feedback, exports."""
