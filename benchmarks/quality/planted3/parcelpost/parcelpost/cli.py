from __future__ import annotations

import json
from pathlib import Path

import click

from parcelpost.rates import ZONES, Parcel, RateError, price


@click.group()
def main():
    """Send parcels."""


@main.command()
@click.argument("grams", type=int)
@click.option("--zone", default="domestic")
@click.option("--json", "as_json", is_flag=True)
def quote(grams, zone, as_json):
    """Tell what a parcel costs."""
    try:
        cents = price(Parcel(grams, zone))
    except RateError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"zone": zone, "grams": grams, "cents": cents}))
    else:
        click.echo(f"{cents / 100:.2f} EUR")


@main.command()
@click.argument("target", type=click.Path(dir_okay=False))
def zones(target):
    """Write the zones to a file."""
    Path(target).write_text("\n".join(f"{name} {cents}" for name, cents in ZONES.items()) + "\n")
    click.echo(f"{len(ZONES)} zones")
