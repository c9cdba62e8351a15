package dev.penstock.engine.chat;

import java.util.Map;

/** The formats of strings that are held, as a grammar's text, without the quotation marks. */
final class Formats {
  private static final String DATE =
      "[0-9]{4} \"-\" ((\"01\" | \"03\" | \"05\" | \"07\" | \"08\" | \"10\" | \"12\") \"-\" (\"0\" [1-9] | [12]"
          + " [0-9] | \"3\" [01]) | (\"04\" | \"06\" | \"09\" | \"11\") \"-\" (\"0\" [1-9] | [12] [0-9] | \"30\")"
          + " | \"02-\" (\"0\" [1-9] | \"1\" [0-9] | \"2\" [0-8]))";
  private static final String HOUR = "([01] [0-9] | \"2\" [0-3])";
  private static final String TIME =
      HOUR
          + " (\":\" [0-5] [0-9]){2} (\".\" [0-9]{1,9})? (\"Z\" | [-+] (\"0\" [0-9] | \"1\" [0-4])"
          + " \":\" [0-5] [0-9])";
  private static final String BYTE =
      "(\"25\" [0-5] | \"2\" [0-4] [0-9] | \"1\" [0-9]{2} | [1-9] [0-9] | [0-9])";
  private static final String LABEL = "[a-zA-Z0-9] ([-]? [a-zA-Z0-9]){0,30}";
  private static final String HOST = LABEL + " (\".\" " + LABEL + "){%s}";
  private static final String HEX = "[0-9a-fA-F]";

  private static final Map<String, String> KNOWN =
      Map.of(
          "date", DATE,
          "time", TIME,
          "date-time", DATE + " \"T\" " + TIME,
          "duration", "\"P\" ([0-9]{1,4} [YMWD] | ([0-9]{1,4} \"D\")? \"T\" [0-9]{1,4} [HMS])",
          "uuid", HEX + "{8} (\"-\" " + HEX + "{4}){3} \"-\" " + HEX + "{12}",
          "ipv4", BYTE + " (\".\" " + BYTE + "){3}",
          "ipv6", HEX + "{1,4} (\":\" " + HEX + "{1,4}){7}",
          "hostname", HOST.formatted("0,4"),
          "email", "[a-zA-Z0-9] ([-._+]? [a-zA-Z0-9]){0,50} \"@\" " + HOST.formatted("1,4"),
          "uri",
              "\"http\" \"s\"? \"://\" "
                  + HOST.formatted("0,4")
                  + " (\":\" [1-9] [0-9]{1,3})? (\"/\" [-a-zA-Z0-9._~]*)*");

  private Formats() {}

  /** Whether it is held. Any other is a remark, as JSON Schema has it. */
  static boolean known(String format) {
    return KNOWN.containsKey(format);
  }

  static String rule(String format) {
    return KNOWN.getOrDefault(format, "");
  }
}
