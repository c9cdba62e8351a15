package dev.penstock.json;

import com.fasterxml.jackson.core.util.BufferRecycler;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.core.util.RecyclerPool;

/**
 * The buffers with which JSON is read and written. Jackson would keep some for each thread, but a
 * virtual thread ends with its request, and its buffers with it.
 */
public final class JsonBuffers {
  /** Each of 200 KB at most: longer ones are not kept. */
  private static final int MOST = 64;

  public static final RecyclerPool<BufferRecycler> POOL = JsonRecyclerPools.newBoundedPool(MOST);

  private JsonBuffers() {}
}
