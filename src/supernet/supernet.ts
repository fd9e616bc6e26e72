import type { PreparedModel } from '../compile/prepare.js';

/** A network that has been imported; what is known of its source is needed to write it in the source's terms. */
export type Supernet = Pick<PreparedModel, 'graph' | 'weights' | 'rules'> & Partial<PreparedModel>;
