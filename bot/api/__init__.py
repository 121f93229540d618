"""The JSON API under `/api/v1`: every operation is declared once, and routes and OpenAPI document both come from it."""
