package org.trlm.engine.cache;

/** Whether sequences take keys and values that another one has computed; tokens are the same. */
public enum PrefixCaching {
  ENABLED,
  DISABLED
}
