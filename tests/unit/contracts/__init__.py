"""Data contracts: from what people write to what the lake builds."""
