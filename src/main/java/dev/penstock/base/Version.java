package dev.penstock.base;

import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest; none when run from classes. */
public final class Version implements IVersionProvider {
  public static String current() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "(unpackaged)" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"penstock " + current(), "java " + Runtime.version()};
  }
}
