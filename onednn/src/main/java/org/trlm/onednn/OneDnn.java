package org.trlm.onednn;

import java.lang.reflect.Constructor;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * The native library, loaded once per JVM, and what this JVM holds of it. Handles of oneDNN are
 * freed by their owners; none has a finalizer of the binding.
 */
final class OneDnn {

  private static final AtomicLong HELD_BYTES = new AtomicLong();

  /** Per thread, whether the OpenMP runtime was told to use one thread for it. */
  private static final ThreadLocal<Boolean> SINGLE_THREADED =
      ThreadLocal.withInitial(OneDnn::useOneThread);

  private final dnnl_engine engine;

  private OneDnn(dnnl_engine engine) {
    this.engine = engine;
  }

  /**
   * Extracts and loads the library.
   *
   * @throws LinkageError if it cannot be loaded
   */
  static void loadLibrary() {
    Loader.load(dnnl.class);
  }

  /** After {@link #loadLibrary}. */
  static OneDnn open() {
    dnnl_engine engine = new dnnl_engine();
    check(dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0), "create an engine");
    return new OneDnn(engine);
  }

  dnnl_engine engine() {
    return engine;
  }

  /** Bytes off the heap that {@link #allocate} gave and {@link NativeMemory#free} did not take. */
  static long heldBytes() {
    return HELD_BYTES.get();
  }

  /** Memory of that shape, aligned as oneDNN likes it, outside all limits of the JVM. */
  NativeMemory allocate(dnnl_memory_desc shape) {
    long bytes = dnnl.dnnl_memory_desc_get_size(shape);
    dnnl_memory memory = new dnnl_memory();
    check(
        dnnl.dnnl_memory_create(memory, shape, engine, new ByLibrary()),
        "allocate " + bytes + " bytes off the heap");
    HELD_BYTES.addAndGet(bytes);
    return new NativeMemory(memory, bytes);
  }

  static void released(long bytes) {
    HELD_BYTES.addAndGet(-bytes);
  }

  /**
   * Makes the products of the calling thread run in it alone: tasks share a machine's cores
   * already, and a team of OpenMP threads spins. oneDNN asks the OpenMP runtime for the number,
   * which a process sets in its environment or a thread by this call.
   */
  static void ensureSingleThreaded() {
    SINGLE_THREADED.get();
  }

  /**
   * {@code omp_set_num_threads(1)}. The binding does not declare it, but can call any {@code void
   * f(void*)} by its address, to free what a pointer owns; the owner's address is the argument, and
   * an int is passed in the same register as a pointer on both platforms that have natives.
   */
  private static Boolean useOneThread() {
    Pointer function = Loader.addressof("omp_set_num_threads");
    if (function == null || function.isNull()) {
      throw new IllegalStateException("oneDNN was loaded without an OpenMP runtime");
    }
    try {
      Class<?> call = Class.forName("org.bytedeco.javacpp.Pointer$NativeDeallocator");
      Constructor<?> constructor =
          call.getDeclaredConstructor(Pointer.class, long.class, long.class);
      constructor.setAccessible(true);
      Object once = constructor.newInstance(new Pointer(), 1L, function.address());
      call.getMethod("deallocate").invoke(once);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the binding of oneDNN is not the one this was built for", e);
    }
    return true;
  }

  /**
   * @throws IllegalStateException if a call did not succeed, naming what it was to do
   */
  static void check(int status, String action) {
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException("oneDNN could not " + action + ", status " + status);
    }
  }

  /** {@code DNNL_MEMORY_ALLOCATE}, a macro that the binding leaves out. */
  private static final class ByLibrary extends Pointer {
    ByLibrary() {
      address = -1;
    }
  }
}
