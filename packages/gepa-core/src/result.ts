export interface OptimizationResult { readonly bestIndex: number }
