package dev.penstock.engine.llama;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Functions of a native library as instances of interfaces with one method each, whose types say
 * how the function is called.
 */
final class NativeFunctions {
  private static final Linker LINKER = Linker.nativeLinker();

  private static final Map<Class<?>, MemoryLayout> LAYOUTS =
      Map.of(
          int.class, ValueLayout.JAVA_INT,
          long.class, ValueLayout.JAVA_LONG,
          float.class, ValueLayout.JAVA_FLOAT,
          boolean.class, ValueLayout.JAVA_BOOLEAN,
          MemorySegment.class, ValueLayout.ADDRESS);

  private final SymbolLookup library;

  NativeFunctions(SymbolLookup library) {
    this.library = library;
  }

  /** A function without structs among its parameters. */
  <T> T bind(Class<T> shape, String name) throws LlamaFailure {
    Method method =
        Stream.of(shape.getMethods())
            .filter(each -> !each.isDefault())
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(shape.getName()));
    List<MemoryLayout> parameters =
        Stream.of(method.getParameterTypes()).map(NativeFunctions::layout).toList();
    MemoryLayout[] all = parameters.toArray(MemoryLayout[]::new);
    return bind(
        shape,
        name,
        method.getReturnType() == void.class
            ? FunctionDescriptor.ofVoid(all)
            : FunctionDescriptor.of(layout(method.getReturnType()), all));
  }

  private static MemoryLayout layout(Class<?> type) {
    MemoryLayout layout = LAYOUTS.get(type);
    if (layout == null) {
      throw new IllegalArgumentException(type.getName());
    }
    return layout;
  }

  /** A function with structs, which travel by value. */
  @SuppressWarnings("restricted")
  <T> T bind(Class<T> shape, String name, FunctionDescriptor descriptor) throws LlamaFailure {
    MemorySegment address =
        library
            .find(name)
            .orElseThrow(
                () -> new LlamaFailure("the library has no " + name + ": another release"));
    MethodHandle handle = LINKER.downcallHandle(address, descriptor);
    return MethodHandleProxies.asInterfaceInstance(shape, handle);
  }
}
