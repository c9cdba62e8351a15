package dev.penstock.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One setting, on the accessor that it is read by: all that is said of it is said here. The
 * accessor's name gives the key ({@code maxAttempts}: {@code max-attempts}) below that of its
 * section, and its type what is allowed: numbers, times and sizes by their range, {@code boolean},
 * enums, paths, texts by their form or pattern; {@code Optional} of them where the default is
 * empty, and lists of them.
 *
 * <p>A group of settings is an interface with {@code @ConfigMapping(prefix = "…")}. Its accessors
 * are settings, sections (an interface), or maps of sections by name, {@code Map<String, Section>}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Setting {
  /** What it is, in a sentence or two on one line. */
  String value();

  /** The default, with its unit. */
  String standard() default "";

  /** The least and the greatest value: {@code 1 to 100}, {@code 100ms to 7d}. */
  String range() default "";

  Form form() default Form.OF_ITS_TYPE;

  /** What a text must match. */
  String matches() default "";

  /** Says in words what it must be, where a pattern or "the path of a file" does not. */
  String allowed() default "";

  /** A second environment variable, for when the first is not set. */
  String also() default "";

  /** Whether no message may show it; it may then also come from a file, {@code <key>-file}. */
  boolean secret() default false;

  /** Forms of text that a pattern cannot tell. */
  enum Form {
    OF_ITS_TYPE,
    /** An IP address or a host name. */
    HOST,
    /** {@code host:port}. */
    NODE,
    /** A host, with or without a port, or a bare IPv6 address. */
    MEMBER,
    REDIS_URI,
    AMQP_URI,
    /** An origin as browsers send it, or a star. */
    ORIGIN
  }
}
