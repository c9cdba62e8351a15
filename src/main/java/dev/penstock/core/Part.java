package dev.penstock.core;

/** One named part of the program and whether it works. */
public record Part(String name, boolean ok, String message) {}
