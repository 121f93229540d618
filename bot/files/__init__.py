"""Files that a company brings: customers, signals and orders, as CSV or XLSX."""
