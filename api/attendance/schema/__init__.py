"""Check-ins and days as the API shows them."""
