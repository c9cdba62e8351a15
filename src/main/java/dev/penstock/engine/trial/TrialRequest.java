package dev.penstock.engine.trial;

import dev.penstock.models.ModelPlace;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a child needs to know to try a model.
 *
 * @param fingerprint of the files that are meant
 * @param data the data folder
 * @param properties where native libraries are
 */
record TrialRequest(
    ModelPlace place, String fingerprint, Path data, Map<String, String> properties) {

  TrialRequest {
    properties = Map.copyOf(properties);
  }

  byte[] bytes() {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    try {
      out.writeUTF(place.models().toString());
      out.writeUTF(place.name());
      out.writeUTF(fingerprint);
      out.writeUTF(data.toString());
      for (Map.Entry<String, String> property : properties.entrySet()) {
        out.writeUTF(property.getKey());
        out.writeUTF(property.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a path of more than 65,535 bytes
    }
    return bytes.toByteArray();
  }

  static TrialRequest read(byte[] bytes) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(bytes));
    var place = new ModelPlace(Path.of(in.readUTF()), in.readUTF());
    String fingerprint = in.readUTF();
    Path data = Path.of(in.readUTF());
    Map<String, String> properties = new TreeMap<>();
    while (in.available() > 0) {
      properties.put(in.readUTF(), in.readUTF());
    }
    return new TrialRequest(place, fingerprint, data, properties);
  }
}
