package org.trlm.onednn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Memory off the heap that oneDNN allocated. Its owner frees it once; nobody reads it then. */
final class NativeMemory {

  private final dnnl_memory memory;
  private final long bytes;
  private final Pointer address;
  private final ByteBuffer buffer;

  NativeMemory(dnnl_memory memory, long bytes) {
    this.memory = memory;
    this.bytes = bytes;
    this.address = new Pointer();
    OneDnn.check(dnnl.dnnl_memory_get_data_handle(memory, address), "find its memory");
    this.buffer =
        bytes == 0
            ? ByteBuffer.allocateDirect(0)
            : new BytePointer(address).capacity(bytes).asByteBuffer();
    buffer.order(ByteOrder.nativeOrder());
  }

  dnnl_memory memory() {
    return memory;
  }

  long bytes() {
    return bytes;
  }

  Pointer address() {
    return address;
  }

  /** All of it, in the order of this machine's bytes. */
  ByteBuffer buffer() {
    return buffer;
  }

  void free() {
    OneDnn.check(dnnl.dnnl_memory_destroy(memory), "free its memory");
    OneDnn.released(bytes);
  }
}
