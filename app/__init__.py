"""The service under test: numbered messages of a channel over SSE and WebSocket. Worth copying; knows no test."""
