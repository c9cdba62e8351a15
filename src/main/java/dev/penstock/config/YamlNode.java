package dev.penstock.config;

import java.util.List;
import java.util.Map;

/** A part of a YAML file, as text: nothing in it has been given a type yet. Lines count from 1. */
public sealed interface YamlNode {

  int line();

  /** One value; empty where the file gives none, or null. */
  record Scalar(String text, int line) implements YamlNode {}

  record Items(List<YamlNode> items, int line) implements YamlNode {
    public Items {
      items = List.copyOf(items);
    }
  }

  /** Keys and their values, in the order of the file. */
  record Fields(Map<String, YamlNode> fields, int line) implements YamlNode {}
}
