"""What the made-up sites tell: their names and headlines. No real site, body or person is meant.

Each feed holds one thing that feeds of real families do and that a reader must bear; it is named
above the stories it is in. How a document is written is in `documents`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Item:
    """One story as one feed tells it.

    `title` is what a reader should see; `title_source` is how the document writes it where that
    is not simply `title` escaped. `link` is absolute. `age` counts back from when the family was
    built.
    """

    title: str
    link: str
    summary: str
    age: timedelta
    title_source: str | None = None


def _hours(hours: float) -> timedelta:
    return timedelta(hours=hours)


SITE_NAMES = {
    "spacedaily": "SpaceDaily.example",
    "spacewar": "SpaceWar.example",
    "terradaily": "TerraDaily.example",
    "energydaily": "EnergyDaily.example",
    "marsdaily": "MarsDaily.example",
    "robodaily": "RoboDaily.example",
    "seeddaily": "SeedDaily.example",
}

# RSS 2.0 without a guid; one pubDate for all items, in the zone AEST; two items link to sisters.
SPACEDAILY = (
    Item(
        "Orbiter stays silent after a routine pass behind Mars",
        "http://www.spacedaily.example/reports/Orbiter_stays_silent_after_a_routine_pass_999.html",
        "Controllers listen on three antennas and plan to send the wake-up command again.",
        timedelta(minutes=35),
    ),
    Item(
        "Study sorts small asteroids by what could be mined there",
        "http://www.spacedaily.example/reports/Study_sorts_small_asteroids_999.html",
        "Meteorites in a museum drawer tell which asteroids are worth a visit.",
        timedelta(minutes=35),
    ),
    Item(
        "River deltas seen from orbit grow faster than the sea takes them",
        "http://www.terradaily.example/reports/River_deltas_seen_from_orbit_999.html",
        "Thirty years of radar pictures show where the silt ends up.",
        timedelta(minutes=35),
    ),
    Item(
        "New operations centre will steer rovers on the Moon and Mars",
        "http://www.spacedaily.example/reports/New_operations_centre_will_steer_rovers_999.html",
        "One room, two worlds: planners share maps, models and night shifts.",
        timedelta(minutes=35),
    ),
    Item(
        "Dust devils leave a map of the wind on Mars",
        "http://www.marsdaily.example/reports/Dust_devils_leave_a_map_of_the_wind_999.html",
        "A thousand tracks, sorted by a patient program, give the wind at ground level.",
        timedelta(minutes=35),
    ),
    Item(
        "Lunar night lander wakes up for the third time",
        "http://www.spacedaily.example/reports/Lunar_night_lander_wakes_up_999.html",
        "The batteries were not expected to survive the first frost.",
        timedelta(minutes=35),
    ),
)

# RSS 2.0 as most systems write it: guids that are no links, dates in GMT.
SPACEWAR = (
    Item(
        "Radar fence follows objects the size of a lemon",
        "https://www.spacewar.example/reports/Radar_fence_follows_objects_999.html",
        "The catalogue of low orbits doubles within a season.",
        _hours(1.2),
    ),
    Item(
        "Missile warning satellites hand over in geostationary orbit",
        "https://www.spacewar.example/reports/Missile_warning_satellites_hand_over_999.html",
        "The old pair stays as a spare for two more years.",
        _hours(4),
    ),
    Item(
        "Talks on satellite inspection rules enter a second week",
        "https://www.spacewar.example/reports/Talks_on_satellite_inspection_rules_999.html",
        "How close is too close? Delegates argue over a number of kilometres.",
        _hours(9),
    ),
    Item(
        "Jamming drill shows how ships find home without satellites",
        "https://www.spacewar.example/reports/Jamming_drill_shows_how_ships_find_home_999.html",
        "Star trackers and old radio beacons brought every crew back to port.",
        _hours(26),
    ),
    Item(
        "Warhead dismantling hall opens its doors to inspectors",
        "https://www.spacewar.example/reports/Warhead_dismantling_hall_opens_999.html",
        "Seals, scales and a neutron counter make up the visit.",
        _hours(51),
    ),
)

# RSS 1.0. Its second story is also in the feed of seeddaily, with tracking parameters there.
TERRADAILY = (
    Item(
        "Ocean floats hear the rain from a kilometre below",
        "https://www.terradaily.example/reports/Ocean_floats_hear_the_rain_999.html",
        "A microphone tells drizzle from downpour where no gauge can stand.",
        _hours(2.5),
    ),
    Item(
        "Mangrove belt slows storm surge in long field test",
        "https://www.terradaily.example/reports/Mangrove_belt_slows_storm_surge_999.html",
        "Ten years of tide gauges behind the trees make the case.",
        _hours(5),
    ),
    Item(
        "Weather balloons find a river of dust above the desert",
        "https://www.terradaily.example/reports/Weather_balloons_find_a_river_of_dust_999.html",
        "It feeds a forest on the other side of the ocean.",
        _hours(12),
    ),
    Item(
        "Glacier lake drains through a tunnel nobody had mapped",
        "https://www.terradaily.example/reports/Glacier_lake_drains_through_a_tunnel_999.html",
        "Villages downstream were warned four hours ahead.",
        _hours(30),
    ),
    Item(
        "Quiet volcano breathes out on a schedule",
        "https://www.terradaily.example/reports/Quiet_volcano_breathes_out_999.html",
        "Gas sensors see a pulse each eleven days.",
        _hours(60),
    ),
)

# Atom 1.0; the second title has markup and entities inside.
ENERGYDAILY = (
    Item(
        "Tidal turbine passes its fifth winter under water",
        "https://www.energydaily.example/reports/Tidal_turbine_passes_its_fifth_winter_999.html",
        "Barnacles turned out to be the smaller problem.",
        _hours(1.5),
    ),
    Item(
        'Grid store of iron & air passes its "first frost" test',
        "https://www.energydaily.example/reports/Grid_store_of_iron_and_air_999.html",
        "Four days of power from rust and back again.",
        _hours(6),
        "Grid store of &lt;em&gt;iron &amp;amp; air&lt;/em&gt; passes its "
        "&amp;quot;first frost&amp;quot; test",
    ),
    Item(
        "Solar roofs on canals save more water than expected",
        "https://www.energydaily.example/reports/Solar_roofs_on_canals_save_water_999.html",
        "Shade and power from the same panel, over forty kilometres.",
        _hours(14),
    ),
    Item(
        "Heat from a data hall warms a swimming pool",
        "https://www.energydaily.example/reports/Heat_from_a_data_hall_999.html",
        "The town pays with cold water.",
        _hours(28),
    ),
    Item(
        "Island runs ninety days on wind and a lake",
        "https://www.energydaily.example/reports/Island_runs_ninety_days_999.html",
        "The diesel set was started once, for its own sake.",
        _hours(55),
    ),
)

# JSON Feed 1.1.
MARSDAILY = (
    Item(
        "Rover finds ripples of an ancient shore",
        "https://www.marsdaily.example/reports/Rover_finds_ripples_999.html",
        "Waves a hand high once ran over this stone.",
        _hours(3),
    ),
    Item(
        "Helicopter design doubles its reach in thin air",
        "https://www.marsdaily.example/reports/Helicopter_design_doubles_its_reach_999.html",
        "Six blades, a lighter hub and a nap at noon.",
        _hours(11),
    ),
    Item(
        "Ice under the plains lies closer than maps said",
        "https://www.marsdaily.example/reports/Ice_under_the_plains_999.html",
        "A fresh crater laid it open.",
        _hours(20),
    ),
    Item(
        "Greenhouse trial grows beans in simulated red soil",
        "https://www.marsdaily.example/reports/Greenhouse_trial_grows_beans_999.html",
        "The beans want the salt washed out first.",
        _hours(33),
    ),
    Item(
        "Relay orbiter sends its millionth picture",
        "https://www.marsdaily.example/reports/Relay_orbiter_sends_its_millionth_picture_999.html",
        "It shows a dune, like the first one did.",
        _hours(70),
    ),
)

# RSS 2.0 that is no XML: bare ampersands and entities that only HTML knows.
ROBODAILY = (
    Item(
        "Warehouse arms learn to sort fruit & eggs by touch",
        "https://www.robodaily.example/reports/Warehouse_arms_learn.html?from=feed&page=1",
        "Two fingers & a camera are enough.",
        _hours(2),
        "Warehouse arms learn to sort fruit & eggs by touch",
    ),
    Item(
        "Caf\u00e9 robot pours latte art after a thousand tries",
        "https://www.robodaily.example/reports/Cafe_robot_pours_latte_art.html",
        "The foam was the hard part.",
        _hours(7),
        "Caf&eacute; robot pours latte art after a thousand tries",
    ),
    Item(
        "Search & rescue drones agree on a map without radio",
        "https://www.robodaily.example/reports/Search_and_rescue_drones_agree.html",
        "They read each other's lights.",
        _hours(16),
        "Search & rescue drones agree on a map without radio",
    ),
    Item(
        "Swimming robot counts reef fish without scaring them",
        "https://www.robodaily.example/reports/Swimming_robot_counts_reef_fish.html",
        "Slow fins, dim lights, long patience.",
        _hours(40),
    ),
    Item(
        "Bridge inspection crawler hears a loose bolt",
        "https://www.robodaily.example/reports/Bridge_inspection_crawler.html",
        "A tap, a microphone & a week of training.",
        _hours(65),
    ),
)

# RSS 2.0; the first title is escaped twice, the third is a story of terradaily.
SEEDDAILY = (
    Item(
        "Rain & shine: mixed fields ride out a dry spring",
        "https://www.seeddaily.example/reports/Rain_and_shine_mixed_fields_999.html",
        "Beans between the rows kept the ground cool.",
        _hours(1.8),
        "Rain &amp;amp; shine: mixed fields ride out a dry spring",
    ),
    Item(
        "Salt-proof rice reaches its first harvest by the sea",
        "https://www.seeddaily.example/reports/Salt_proof_rice_999.html",
        "The paddies had been given up twenty years ago.",
        _hours(8),
    ),
    Item(
        "Mangrove belt slows storm surge in long field test",
        "http://terradaily.example/reports/Mangrove_belt_slows_storm_surge_999.html"
        "?utm_source=seeddaily&utm_medium=rss&utm_campaign=sisters",
        "Farmers behind the trees kept their soil.",
        _hours(5),
    ),
    Item(
        "Weeding machines leave the wild flowers standing",
        "https://www.seeddaily.example/reports/Weeding_machines_999.html",
        "The bees voted for the new model.",
        _hours(22),
    ),
    Item(
        "Seed vault opens a second room for forgotten grains",
        "https://www.seeddaily.example/reports/Seed_vault_opens_a_second_room_999.html",
        "Some of them taste of pepper.",
        _hours(47),
    ),
)

BREAKING_SITE = "energydaily"
BREAKING = Item(
    "Fusion ring holds its plasma for a full hour",
    "https://www.energydaily.example/reports/Fusion_ring_holds_its_plasma_999.html",
    "The night shift heard about it from the cooling pumps.",
    timedelta(0),
)
