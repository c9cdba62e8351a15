package dev.penstock.base;

import dev.penstock.Main;
import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest; none when run from classes. */
public final class Version implements IVersionProvider {
  public static String current() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "(unpackaged)" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"penstock " + current(), "java " + Runtime.version()};
  }
}
