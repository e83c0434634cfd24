"""Reads protocol files and writes C, reference pages and decode tables from them."""
