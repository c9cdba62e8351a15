package dev.penstock.core;

/**
 * An input that its task type has read: what its handler can run without reading it again. Equal
 * where it gives equal results.
 */
public interface ReadInput {}
