package dev.penstock.testing;

import com.fasterxml.jackson.databind.JsonNode;

/** Arithmetic on embeddings. */
public final class Vectors {
  private Vectors() {}

  public static float[] of(JsonNode array) {
    float[] vector = new float[array.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = array.get(i).floatValue();
    }
    return vector;
  }

  public static double cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new AssertionError(a.length + " dimensions against " + b.length);
    }
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }
}
