package org.trlm.engine.weights;

/** The two families of checkpoint files; each has its own tensor names and row order of q and k. */
public enum CheckpointFormat {
  SAFETENSORS,
  GGUF
}
