package dev.penstock.storage;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** A task's metadata as it is kept: one JSON object of strings, so that it can be searched. */
public final class Metadata {
  private static final String NONE = "{}";

  private Metadata() {}

  public static String toJson(Map<String, String> metadata) {
    return metadata.isEmpty() ? NONE : AsciiJson.write(new TreeMap<>(metadata));
  }

  public static Map<String, String> ofJson(String text) {
    if (text.equals(NONE)) {
      return Map.of();
    }
    Map<String, String> metadata = new HashMap<>();
    try (JsonParser json = JsonMappers.ASCII.createParser(text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        metadata.put(name, json.getText());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return metadata;
  }
}
