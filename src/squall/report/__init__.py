"""From a `RunResult` to what people and machines read: text, HTML, JSON, JUnit (pure), and the live display."""
