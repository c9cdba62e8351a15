package dev.penstock.base;

import org.eclipse.microprofile.config.spi.Converter;

/**
 * Sizes as people write them ({@code 4MiB}), for the settings that are sizes. Public because the
 * class that SmallRye generates for the settings makes the converters.
 */
public final class ByteSizes {

  private ByteSizes() {}

  public static final class AsLong implements Converter<Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public Long convert(String value) {
      return Quantities.bytes(value);
    }
  }

  /** For what has to fit into one buffer. */
  public static final class AsInt implements Converter<Integer> {
    private static final long serialVersionUID = 1L;

    @Override
    public Integer convert(String value) {
      return Math.toIntExact(Quantities.bytes(value));
    }
  }
}
