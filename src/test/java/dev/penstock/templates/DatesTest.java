package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** Dates: every row is what Python's Jinja makes of it. */
final class DatesTest {
  @Test
  void datesAreWrittenAsInC() {
    renders("{{ strftime_now('%Y-%m-%d') }}", "2026-01-02");
    renders("{{ strftime_now('%d %B %Y') }}", "02 January 2026");
    renders("{{ strftime_now('%b %d, %A %a') }}", "Jan 02, Friday Fri");
    renders("{{ strftime_now('%H:%M:%S %I %p %j %y') }}", "03:04:05 03 AM 002 26");
    renders("{{ strftime_now('%-d/%-m %-H %e') }}", "2/1 3  2");
    renders("{{ strftime_now('%% %F %T %D %R') }}", "% 2026-01-02 03:04:05 01/02/26 03:04");
    renders("{{ strftime_now('no') }}", "no");
    renders(
        "{{ strftime_now('%c|%x|%X|%f') }}", "Fri Jan  2 03:04:05 2026|01/02/26|03:04:05|000000");
  }

  @Test
  void datesAreTextsAsOthers() {
    renders("{{ strftime_now('%d %b %Y') ~ '.' }}", "02 Jan 2026.");
    renders(
        "{% if strftime_now is defined %}{% set d = strftime_now('%d') %}{% endif %}{{ d }}", "02");
  }
}
