package dev.penstock;

import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest; none when run from classes. */
final class Version implements IVersionProvider {
  static String current() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "(unpackaged)" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"penstock " + current(), "java " + Runtime.version()};
  }
}
