"""The desk chat: what a customer may say (`heard`), what may follow (`actions`), and what does (`flow`). All pure."""
